"""A newsletter that opens the data."""

__version__ = "0.1.0"
