"""Rows of a table: those that somebody asks for, in pages, whole, or a sample.

Cells come as the public CSV file spells them, None where missing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.tables.querying.table_cache import Cursor, Shelf, Source
from newsletter.tables.querying.table_query import MOMENTS, NUMBERS, Column, Question
from newsletter.tables.querying.where_sql import condition, order
from newsletter.tables.table_formats import EXACT

LIMIT = 50
CHUNK = 2048
ALL = slice(None)  # columns

Row = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Some ``rows``, how many there are in all, and how many come before these."""

    rows: list[Row]
    total: int
    offset: int


def page(
    shelf: Shelf,
    path: Path,
    columns: Sequence[Column],
    question: Question,
    offset: int = 0,
    limit: int = LIMIT,
    shown: slice = ALL,
) -> Page:
    """At most ``limit`` of the rows that are asked for; the last ones if ``offset`` lies beyond.

    ``columns`` are those of the Parquet file at ``path`` in their order, of which ``shown`` come
    back. Raises
    Invalid or Busy (see ``Shelf.cursor``).
    """
    with shelf.cursor() as cursor:
        source = shelf.source(cursor, path, columns, _reads_all(question))
        find = _found if source.is_kept and not question.is_everything else _counted_and_read
        return find(cursor, source, columns, question, offset, limit, shown)


def _counted_and_read(
    cursor: Cursor,
    source: Source,
    columns: Sequence[Column],
    question: Question,
    offset: int,
    limit: int,
    shown: slice,
) -> Page:
    where, values = condition(question, columns)
    count = f"SELECT count(*) FROM {source.sql} WHERE {where}"  # noqa: S608
    (total,) = cursor.execute(count, [*source.values, *values]).fetchall()[0]
    offset = _within(offset, total, limit)
    # Cells become text outside: those of the rows that are shown, not all.
    chosen = (
        f"SELECT * FROM {source.sql} WHERE {where}"  # noqa: S608
        f" {order(question, columns, source.place)} LIMIT ? OFFSET ?"
    )
    query = f"SELECT {_texts(columns, source, shown)} FROM ({chosen})"  # noqa: S608
    rows = cursor.execute(query, [*source.values, *values, limit, offset]).fetchall()
    return Page(rows, total, offset)


def _found(
    cursor: Cursor,
    source: Source,
    columns: Sequence[Column],
    question: Question,
    offset: int,
    limit: int,
    shown: slice,
) -> Page:
    """The same in one pass over a table in memory: where the rows lie, then those rows."""
    where, values = condition(question, columns)
    ordered = order(question, columns, source.place)
    query = (
        f"WITH found AS MATERIALIZED (SELECT *, {source.place} FROM {source.sql} WHERE {where})"  # noqa: S608
        f" SELECT (SELECT count(*) FROM found), (SELECT list({source.place}) FROM"
        f" (SELECT {source.place} FROM found {ordered} LIMIT ? OFFSET ?))"
    )
    total, places = cursor.execute(query, [*values, limit, offset]).fetchall()[0]
    if places is None and total:  # beyond the last one
        offset = _within(offset, total, limit)
        return _found(cursor, source, columns, question, offset, limit, shown)
    query = (
        f"SELECT {source.place}, {_texts(columns, source, shown)} FROM {source.sql}"  # noqa: S608
        f" WHERE {source.place} IN (SELECT unnest(?::BIGINT[]))"
    )
    rows = {place: cells for place, *cells in cursor.execute(query, [places or []]).fetchall()}
    return Page([tuple(rows[place]) for place in places or ()], total, offset if places else 0)


def _within(offset: int, total: int, limit: int) -> int:
    """``offset``, or that of the last page."""
    return max(0, min(offset, (total - 1) // limit * limit))


def rows(shelf: Shelf, path: Path, columns: Sequence[Column], question: Question) -> Iterator[Row]:
    """Every row that is asked for. Raises Invalid or Busy, also between rows."""
    where, values = condition(question, columns)
    with shelf.cursor() as cursor:
        source = shelf.source(cursor, path, columns, _reads_all(question))
        query = (
            f"SELECT {_texts(columns, source)} FROM {source.sql} WHERE {where}"  # noqa: S608
            f" {order(question, columns, source.place)}"
        )
        cursor.execute(query, [*source.values, *values])
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


def sample(
    shelf: Shelf, path: Path, columns: Sequence[Column], names: Collection[str], most: int
) -> list[dict[str, Any]]:
    """The columns ``names`` of at most ``most`` rows, evenly spread, each value fit for JSON:
    what is not a number is None, a moment is text, and so is a whole number that a program
    which knows doubles alone would change."""
    wanted = [(at, column) for at, column in enumerate(columns) if column[0] in names]
    with shelf.cursor() as cursor:
        source = shelf.source(cursor, path, columns, reads_all=False)
        count = f"SELECT count(*) FROM {source.sql}"  # noqa: S608
        (total,) = cursor.execute(count, [*source.values]).fetchall()[0]
        cells = ", ".join(["nth", *(_json(at, type_, source) for at, (_, type_) in wanted)])
        query = (
            f"SELECT {cells} FROM (SELECT *, row_number() OVER () - 1 AS nth FROM {source.sql})"  # noqa: S608
            " WHERE nth % ? = 0"
        )
        step = max(1, -(-total // most))
        rows = cursor.execute(query, [*source.values, step]).fetchall()
    shown = [name for _, (name, _) in wanted]
    return [dict(zip(shown, map(_exact, row[1:]), strict=True)) for row in rows]


def _reads_all(question: Question) -> bool:
    return question.sort is not None or not question.is_everything


def _texts(columns: Sequence[Column], source: Source, shown: slice = ALL) -> str:
    numbered = list(enumerate(columns))[shown]
    return ", ".join(_text(at, type_, source) for at, (_, type_) in numbered)


def _text(at: int, type_: str, source: Source) -> str:
    text = f"CAST(c{at} AS VARCHAR)"
    if type_ != "datetime":
        return text
    return f"replace({text}, ' ', 'T')" + (" || 'Z'" if at in source.zoned else "")


def _exact(value: Any) -> Any:
    is_large = isinstance(value, int) and not -EXACT <= value <= EXACT
    return str(value) if is_large else value


def _json(at: int, type_: str, source: Source) -> str:
    if type_ == "integer":
        return f"c{at}"
    if type_ in NUMBERS:
        return f"CASE WHEN isfinite(c{at}::DOUBLE) THEN c{at}::DOUBLE END"
    return _text(at, type_, source) if type_ in MOMENTS | {"list"} else f"c{at}"
