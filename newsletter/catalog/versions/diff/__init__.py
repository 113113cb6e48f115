"""What changed from one version of a dataset to another: columns, rows, statistics."""

from newsletter.catalog.versions.diff.tables import TableFile, compare_tables
from newsletter.catalog.versions.diff.values import Diff, TableDiff

__all__ = ["Diff", "TableDiff", "TableFile", "compare_tables"]
