"""Where files live: each under the SHA-256 of its content."""

from newsletter.storage.folder import Storage, Stored

__all__ = ["Storage", "Stored"]
