"""What a comparison of two versions says, as plain values that are fit for JSON."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """Something that was one word before and is another now; empty: none."""

    column: str  # its name now
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class RowChanges:
    """How the rows differ, in the columns that both tables have."""

    added: int
    removed: int
    changed: int = 0  # rows of the same key; without a key a changed row is removed and added
    columns: tuple[tuple[str, int], ...] = ()  # in how many rows each column changed


@dataclass(frozen=True, slots=True)
class Moved:
    """A statistic of a column that is another now; None: it had none."""

    column: str
    statistic: str
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class TableDiff:
    """One table that both versions have."""

    name: str
    rows_before: int
    rows_after: int
    added: tuple[str, ...] = ()  # columns
    removed: tuple[str, ...] = ()
    renamed: tuple[Change, ...] = ()  # as is likely by names and values: nobody said so
    retyped: tuple[Change, ...] = ()
    units: tuple[Change, ...] = ()
    key: tuple[str, ...] = ()  # by which rows were matched; empty: by all that they say
    rows: RowChanges | None = RowChanges(0, 0)  # None: too large to compare row by row
    moved: tuple[Moved, ...] = ()

    @property
    def adds(self) -> bool:
        """Whether there is more of it."""
        return bool(self.added or (self.rows and self.rows.added))

    @property
    def breaks(self) -> bool:
        """Whether what was there is not there any more, or may not be."""
        rows_broken = self.rows is None or self.rows.removed or self.rows.changed
        return bool(self.removed or self.renamed or self.retyped or self.units or rows_broken)


@dataclass(frozen=True, slots=True)
class Diff:
    """One version of a dataset against an earlier one."""

    before: str  # semver
    after: str
    tables: tuple[TableDiff, ...] = ()
    tables_added: tuple[str, ...] = ()
    tables_removed: tuple[str, ...] = ()

    @property
    def adds(self) -> bool:
        return bool(self.tables_added) or any(table.adds for table in self.tables)

    @property
    def breaks(self) -> bool:
        return bool(self.tables_removed) or any(table.breaks for table in self.tables)
