"""A published table of a newsletter that opens its data, in one line.

>>> from dataset_daily import load
>>> penguins = load("penguins", site="https://news.example.org")

Nothing is imported that does not come with Python; pandas or polars not before a table is loaded.
The imports in here are relative: the newsletter's own package carries a copy under another name.
"""

from .errors import (
    CannotLoad,
    Damaged,
    NoSuchTable,
    NotInstalled,
    Unreachable,
    Unusable,
    Withdrawn,
)
from .loading import load
from .shelf import Dataset, datasets, latest

__version__ = "0.1.0"

__all__ = [
    "CannotLoad",
    "Damaged",
    "Dataset",
    "NoSuchTable",
    "NotInstalled",
    "Unreachable",
    "Unusable",
    "Withdrawn",
    "datasets",
    "latest",
    "load",
]
