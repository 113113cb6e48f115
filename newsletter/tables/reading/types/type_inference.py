"""Give the columns of the relation ``SOURCE`` their types.

A type is taken only if every value has it and keeps its meaning: ids with
leading zeros stay text, and so do dates that read two ways. A type that a
person stated comes first, and what stands in its way is reported.

The file is read as few times as can be. What the first rows say is taken for
true and checked while the table is written; only where they say too little, or
a later value shows that they were wrong, all values are asked first.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from newsletter.tables.profiling.columns import quoted
from newsletter.tables.reading.staging import SOURCE, SourceColumn
from newsletter.tables.reading.types.type_trials import Trials
from newsletter.tables.reading.types.typist import Marks, TypedColumn, Typist

# The files are small and quick; higher levels are a tenth smaller and take twice as long.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"


def write_typed(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[SourceColumn],
    stated: Mapping[str, str],
    marks: Marks,
    file: Path,
) -> tuple[list[tuple[str, str]], list[str], dict[str, str]]:
    """Write ``SOURCE`` with types as the Parquet ``file``; returns its columns' names and
    types, a sentence for each thing worth knowing, and the units that were written with
    the numbers of some columns.

    ``stated`` maps names to types. Raises UnreadableTable where values are not of theirs.
    """
    notes: list[str] = []
    decimal = marks.decimal
    trials = Trials(connection, len(columns), decimal)
    open_ = [at for at, c in enumerate(columns) if c.type is None and c.candidates is None]
    if decimal is None and marks.may_be_comma and trials.has_decimal_comma(open_):
        trials.decimal = ","
        notes.append("Numbers were read with a decimal comma.")
    decisions: list[str] = []
    typist = Typist(columns, stated, trials, decisions, marks)
    typed = typist.guess()
    if typed is None or not _write(connection, typed, file, is_sure=False):
        decisions.clear()
        typist.units.clear()
        typed = typist.type_all()
        _write(connection, typed, file, is_sure=True)
    known = {column.name for column in columns}
    missing = [
        f"The column {name} is described but not there." for name in stated if name not in known
    ]
    names = [(column.name, column.type) for column in typed]
    return names, notes + decisions + missing, typist.units


def _write(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[TypedColumn],
    file: Path,
    *,
    is_sure: bool,
) -> bool:
    """Whether every value was as its column's type wants it."""
    parts = ", ".join(
        f"{column.value if is_sure else column.checked(at)} AS {quoted(column.name)}"
        for at, column in enumerate(columns)
    )
    place = str(file).replace("'", "''")
    try:
        connection.execute(f"COPY (SELECT {parts} FROM {SOURCE}) TO '{place}' ({PARQUET})")  # noqa: S608
    except duckdb.InvalidInputException:
        if is_sure:
            raise
        return False
    return True
