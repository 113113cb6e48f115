"""The tables of a storage at hand to be asked: DuckDB on their Parquet files.

A question that has to look at every row is answered from a copy in memory,
some ten times faster than from the file: a few tables are kept, those asked
last, as far as ``KEPT_CELLS`` and ``MEMORY`` go.

The one connection of a process sees nothing but the storage's folder, loads no
extension and cannot be told otherwise. Each question has a cursor of its own
on it, which is interrupted when its time is over. Questions are answered by threads of low
priority: whoever subscribes or leaves meanwhile does not wait for them.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import duckdb

from newsletter.errors import Invalid
from newsletter.host.low_priority import LowPriorityThreads
from newsletter.tables import duckdb_sandbox
from newsletter.tables.profiling.columns import quoted
from newsletter.tables.querying.concurrency_limit import ConcurrencyLimit
from newsletter.tables.querying.table_query import TEXTS, Column

MEMORY = "512MB"
THREADS = 1
SECONDS = 5.0
# There is a web process for each processor, and of its threads most have nothing to do with
# questions. Two at once take each other's time: fewer are answered, and whoever leaves waits.
AT_ONCE = 1  # that are answered
QUEUE = 2  # that wait for their turn
PATIENCE = 1.0  # seconds that they do
TOO_MANY = "Others are searching tables just now: try again in a moment."
KEPT_CELLS = 16_000_000  # of all tables in memory together
PLACE = "file_row_number"  # what DuckDB calls the place of a row in its file

UTC_TYPE = "TIMESTAMP WITH TIME ZONE"


@dataclass(frozen=True, slots=True)
class Source:
    """What a query reads from. Its columns are c0, c1, … in the order that was asked for, NaN
    as null and moments in UTC, and ``text``: all texts of a row, in small letters."""

    sql: str
    values: tuple[str, ...]  # that ``sql`` binds
    place: str  # orders rows that are equal otherwise; empty: nothing does
    zoned: frozenset[int]  # the columns whose moments had a zone
    is_kept: bool = False  # in memory


class Cursor:
    """One of DuckDB's, for one question.

    What it computes is computed by a thread of low priority, which needs nothing of Python
    meanwhile; the few rows that come of it are fetched by the thread that asks. A thread that
    gives way to others must not hold the interpreter's lock, for which they would wait.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, threads: LowPriorityThreads) -> None:
        self._cursor = cursor
        self._threads = threads

    def execute(self, query: str, values: Sequence[object] = ()) -> Self:
        self._threads.run(self._cursor.execute, query, values)
        return self

    def fetchone(self) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._cursor.fetchone()
        return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._cursor.fetchall())

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        return list(self._cursor.fetchmany(size))

    def begin(self) -> None:
        self._cursor.begin()

    def interrupt(self) -> None:
        self._cursor.interrupt()

    def close(self) -> None:
        self._cursor.close()


class Shelf:
    """The tables in the files of one folder. Any thread may ask."""

    def __init__(self, folder: Path, seconds: float = SECONDS) -> None:
        """``seconds`` is how long one question may take."""
        self._folder = folder
        self._seconds = seconds
        self._limit = ConcurrencyLimit(AT_ONCE, QUEUE, min(PATIENCE, seconds), TOO_MANY)
        self._threads = LowPriorityThreads(AT_ONCE)
        self._lock = threading.Lock()  # of the connection and of what is kept
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._kept: OrderedDict[str, tuple[Source, int]] = OrderedDict()

    def refuse_when_full(self) -> None:
        """Raises Busy where one question more would be refused."""
        self._limit.refuse_when_full()

    @contextmanager
    def cursor(self) -> Iterator[Cursor]:
        """A cursor for one question. Raises Busy where there are too many of them, and
        Invalid where this one takes too long or too much memory."""
        try:
            with (
                self._limit.entered(),
                self._opened() as cursor,
                _ended_after(self._seconds, cursor),
            ):
                yield cursor
        except duckdb.InterruptException as error:
            raise Invalid(
                f"That takes longer than {self._seconds:g} seconds: ask for less of the table."
            ) from error
        except duckdb.OutOfMemoryException as error:
            raise Invalid("That needs too much memory: ask for less of the table.") from error

    def source(
        self,
        cursor: Cursor,
        path: Path,
        columns: Sequence[Column],
        reads_all: bool,
    ) -> Source:
        """Where ``cursor`` finds ``columns`` of a Parquet file, until it is closed.
        ``reads_all``: the question looks at every row."""
        with self._lock:
            source = self._taken(path.name)
            if source is None:
                source = _file(cursor, path, columns)
                if reads_all:
                    source = self._kept_or_not(cursor, path.name, source, len(columns))
            # From here on the cursor sees the table even where another thread drops it.
            cursor.begin()
            cursor.execute(f"SELECT 1 FROM {source.sql} LIMIT 0", [*source.values])  # noqa: S608
        return source

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._kept.clear()
        self._threads.close()

    @contextmanager
    def _opened(self) -> Iterator[Cursor]:
        with self._lock:
            if self._connection is None:
                self._connection = duckdb_sandbox.connect(self._folder, MEMORY, THREADS)
            cursor = Cursor(self._connection.cursor(), self._threads)
        try:
            yield cursor
        finally:
            cursor.close()

    def _taken(self, key: str) -> Source | None:
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def _kept_or_not(self, cursor: Cursor, key: str, source: Source, columns: int) -> Source:
        """``source``, in memory if it has room there, for which those asked first may go."""
        count = f"SELECT count(*) FROM {source.sql}"  # noqa: S608
        (rows,) = cursor.execute(count, [*source.values]).fetchall()[0]
        if rows * columns > KEPT_CELLS:
            return source
        while self._kept and rows * columns + self._cells() > KEPT_CELLS:
            forgotten, _ = self._kept.popitem(last=False)
            cursor.execute(f"DROP TABLE {quoted(forgotten)}")
        wanted = ", ".join([*(f"c{at}" for at in range(columns)), "text"])
        query = f"CREATE TABLE {quoted(key)} AS SELECT {wanted} FROM {source.sql}"  # noqa: S608
        try:
            cursor.execute(query, [*source.values])
        except duckdb.OutOfMemoryException:  # its texts are long
            return source
        kept = Source(quoted(key), (), "rowid", source.zoned, is_kept=True)
        self._kept[key] = (kept, rows * columns)
        return kept

    def _cells(self) -> int:
        return sum(cells for _, cells in self._kept.values())


def _file(cursor: Cursor, path: Path, columns: Sequence[Column]) -> Source:
    description = cursor.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    types = {name: type_ for name, type_, *_ in description}
    parts = [f"{_value(name, types[name])} AS c{at}" for at, (name, _) in enumerate(columns)]
    texts = [f"CAST({quoted(name)} AS VARCHAR)" for name, type_ in columns if type_ in TEXTS]
    parts.append(f"lower(concat_ws(chr(31), {', '.join(texts) or 'NULL'})) AS text")
    option, place = "", ""
    if PLACE not in {name.casefold() for name in types}:
        option, place = f", {PLACE} = true", PLACE
        parts.append(PLACE)
    return Source(
        sql=f"(SELECT {', '.join(parts)} FROM read_parquet(?{option}))",  # noqa: S608
        values=(str(path),),
        place=place,
        zoned=frozenset(at for at, (name, _) in enumerate(columns) if types[name] == UTC_TYPE),
    )


def _value(name: str, type_: str) -> str:
    column = quoted(name)
    if type_ in {"DOUBLE", "FLOAT"}:
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    return f"({column} AT TIME ZONE 'UTC')" if type_ == UTC_TYPE else column


@contextmanager
def _ended_after(seconds: float, cursor: Cursor) -> Iterator[None]:
    def interrupt() -> None:
        with suppress(duckdb.Error):  # it has been closed meanwhile
            cursor.interrupt()

    timer = threading.Timer(seconds, interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
