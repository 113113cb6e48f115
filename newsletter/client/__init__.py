"""What a reader installs it for: a published table as a DataFrame, in one line.

>>> from newsletter.client import load
>>> penguins = load("penguins", site="https://news.example.org")

Nothing else of the newsletter is imported, and nothing that does not come with Python; pandas
or polars not before a table is loaded.
"""

from newsletter.client.errors import (
    CannotLoad,
    Damaged,
    NoSuchTable,
    NotInstalled,
    Unreachable,
    Unusable,
)
from newsletter.client.loading import load
from newsletter.client.shelf import Dataset, datasets, latest

__all__ = [
    "CannotLoad",
    "Damaged",
    "Dataset",
    "NoSuchTable",
    "NotInstalled",
    "Unreachable",
    "Unusable",
    "datasets",
    "latest",
    "load",
]
