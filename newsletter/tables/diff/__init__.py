"""What changed from one version of a dataset to another: columns, rows, statistics."""

from newsletter.tables.diff.tables import TableFile, compare_tables
from newsletter.tables.diff.values import Diff, TableDiff

__all__ = ["Diff", "TableDiff", "TableFile", "compare_tables"]
