"""The downloads stand on an installation, as tests/web has it."""

from tests.web.conftest import installation

__all__ = ["installation"]
