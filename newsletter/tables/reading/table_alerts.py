"""Alerts on a table as a whole: how it was read, and rows that are none."""

from collections.abc import Iterator, Sequence

import duckdb

from newsletter.tables.profiling import alerts
from newsletter.tables.profiling.columns import quoted
from newsletter.tables.reading.doubts import Doubt
from newsletter.tables.reading.readers.cell_changes import ENTITY, MOJIBAKE
from newsletter.tables.reading.strange_words import strange_words

TOTALS = (
    *("total", "totals", "grand total", "sum", "subtotal", "overall", "all", "gesamt", "summe"),
    *("insgesamt", "total général", "ensemble", "totale", "totaal", "suma", "общо", "итого"),
)
MOST_CELLS = 1000  # of a column that are looked at for words of no language
MANY_STRANGE = 0.05  # of the words beyond ASCII

Columns = Sequence[tuple[str, str]]


def table_alerts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Columns,
    rows: int,
    rejected: int,
    notes: Sequence[str],
) -> list[alerts.Alert]:
    """What a person should look at before anything else."""
    doubts = [alerts.of_reading(n.code, n.column, str(n)) for n in notes if isinstance(n, Doubt)]
    texts = [name for name, type_ in columns if type_ == "string"]
    repeats = 0
    if len(texts) == len(columns):  # or a name would stand among numbers
        same = " AND ".join(f"{quoted(name)} = {_literal(name)}" for name in texts)
        ((repeats,),) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE {same}"  # noqa: S608
        ).fetchall()
    return [
        *alerts.rejected_rows(rows + rejected, rejected),
        *doubts,
        *_strange_words(connection, table, texts if _is_guessed(notes) else ()),
        *_wrong_texts(connection, table, texts),
        *alerts.repeated_header(repeats),
        *_totals(connection, table, texts[:1], rows),
    ]


def _wrong_texts(
    connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[str]
) -> Iterator[alerts.Alert]:
    """On columns of text that was decoded wrongly, or holds HTML entities."""
    if not texts:
        return
    counts = ", ".join(
        f"count(*) FILTER (strlen({name}) <> length({name})"
        f" AND regexp_matches({name}, {_literal(MOJIBAKE.pattern)})),"
        f" count(*) FILTER (contains({name}, '&')"
        f" AND regexp_matches({name}, {_literal(ENTITY.pattern)}))"
        for name in map(quoted, texts)
    )
    row = connection.execute(f"SELECT {counts} FROM {table}").fetchall()[0]  # noqa: S608
    for name, mojibake, entities in zip(texts, row[::2], row[1::2], strict=True):
        yield from alerts.wrong_texts(name, mojibake, entities)


def _is_guessed(notes: Sequence[str]) -> bool:
    return any(isinstance(note, Doubt) and note.code == "encoding_guessed" for note in notes)


def _strange_words(
    connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[str]
) -> Iterator[alerts.Alert]:
    """On columns of text that in a guessed encoding has words of no language."""
    for name in texts:
        column = quoted(name)
        cells = connection.execute(
            f"SELECT {column} FROM {table} WHERE strlen({column}) <> length({column})"  # noqa: S608
            f" LIMIT {MOST_CELLS}"
        ).fetchall()
        words = [word for text in (name, *(cell for (cell,) in cells)) for word in text.split()]
        beyond = {word: None for word in words if not word.isascii()}
        strange = strange_words(" ".join(beyond))
        if strange and len(strange) >= MANY_STRANGE * len(beyond):
            yield alerts.doubted_encoding(name, strange)


def _totals(
    connection: duckdb.DuckDBPyConnection, table: str, texts: Sequence[str], rows: int
) -> list[alerts.Alert]:
    """On the last row, where the first column of text calls it a total."""
    for name in texts if rows > 1 else ():
        ((label,),) = connection.execute(
            f"SELECT {quoted(name)} FROM {table} LIMIT 1 OFFSET {rows - 1}"  # noqa: S608
        ).fetchall()
        if label is not None and label.strip(" :").casefold() in TOTALS:
            return [alerts.total_row(name, label)]
    return []


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
