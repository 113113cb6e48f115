"""The two Parquet files of a comparison as SQL: each column under a name of ours.

Names that a stranger gave stand in one place alone, quoted; paths are bound.
The i-th column that both tables have is ``c<i>`` on either side, converted to
the same type, null where missing (NaN counts as missing).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.tables.profiling.columns import quoted
from newsletter.tables.querying.table_cache import Cursor
from newsletter.tables.querying.table_query import NUMBERS


@dataclass(frozen=True, slots=True)
class Pair:
    """A column that both tables have: its name and type on either side."""

    before: tuple[str, str]
    after: tuple[str, str]

    @property
    def common(self) -> str:
        """What both sides are cast to before they are compared; empty: to nothing."""
        types = {self.before[1], self.after[1]}
        if types == NUMBERS:
            return "DOUBLE"
        return "VARCHAR" if len(types) > 1 else ""


def sides(cursor: Cursor, before: Path, after: Path, pairs: Sequence[Pair]) -> tuple[str, str]:
    """Either table as a subquery with one parameter, the path of its file."""
    old, new = kinds(cursor, before), kinds(cursor, after)
    return (
        _side([_cast(pair.before[0], old, pair.common) for pair in pairs]),
        _side([_cast(pair.after[0], new, pair.common) for pair in pairs]),
    )


def kinds(cursor: Cursor, path: Path) -> dict[str, str]:
    """The columns of a file, each with its type in DuckDB."""
    description = cursor.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    return {name: type_ for name, type_, *_ in description}


def value(name: str, type_: str) -> str:
    """A column's value."""
    column = quoted(name)
    if type_ in {"DOUBLE", "FLOAT"}:
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    return f"({column} AT TIME ZONE 'UTC')" if type_ == "TIMESTAMP WITH TIME ZONE" else column


def _cast(name: str, types: dict[str, str], common: str) -> str:
    expression = value(name, types[name])
    return f"CAST({expression} AS {common})" if common else expression


def _side(values: Sequence[str]) -> str:
    named = "".join(f", {expression} AS c{at}" for at, expression in enumerate(values))
    return f"(SELECT 1 AS here{named} FROM read_parquet(?))"  # noqa: S608
