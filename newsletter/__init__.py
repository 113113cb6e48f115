"""A newsletter that opens the data."""

__version__ = "0.3.0"
