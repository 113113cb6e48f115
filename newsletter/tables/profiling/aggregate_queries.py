"""Passes over a table: each is one query that answers many questions about its columns.

A question is an aggregate in which ``$v`` stands for a column's value, ``$m`` for its measure
and ``$b`` for its bins. Names of columns come from a stranger's file: each is quoted once, in
the subquery that a pass reads from.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import duckdb

from newsletter.tables.profiling.columns import TEXT_TESTS, Column

# Many aggregates keep one thread busy, however many DuckDB has.
AT_ONCE = 2
AGGREGATES = 200  # of one pass
HELD_VALUES = 1_000_000  # where an aggregate holds each value, so many a pass
# An aggregate takes a millisecond to prepare. Where that is longer than to compute it, columns
# are asked as one long column of their cells: those of a table with more columns than these,
# and at most so many rows.
WIDE = 64
SHORT = 10_000
LONG = 250  # columns that are asked as one

Question = tuple[int, str]  # a column's place, and what is asked of it
Answers = dict[Question, Any]


@dataclass(frozen=True, slots=True)
class Pass:
    """A query of one row, which answers ``questions`` in their order."""

    questions: Sequence[Question]
    query: str
    values: Sequence[Any] = ()

    def read(self, rows: Sequence[Sequence[Any]]) -> Answers:
        return dict(zip(self.questions, rows[0], strict=True))


@dataclass(frozen=True, slots=True)
class LongPass:
    """A query of a row for each column: its place, then the answers to ``names``."""

    names: Sequence[str]
    query: str
    values: Sequence[Any] = ()

    def read(self, rows: Sequence[Sequence[Any]]) -> Answers:
        return {
            (place, name): answer
            for place, *row in rows
            for name, answer in zip(self.names, row, strict=True)
        }


AnyPass = Pass | LongPass


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions of columns, ``limit`` of them a pass: few where each holds much in memory."""

    questions: Mapping[Question, str]
    limit: int = AGGREGATES


class Passes:
    """Makes passes over ``columns`` of ``relation``, which is quoted and has ``rows``."""

    def __init__(
        self, relation: str, columns: Sequence[Column], sql_types: Sequence[str], rows: int
    ) -> None:
        self._relation = relation
        self._columns = columns
        self._sql_types = sql_types
        self.holding = max(1, min(AGGREGATES, HELD_VALUES // max(rows, 1)))
        self._as_one = len(columns) > WIDE and 0 < rows <= SHORT
        self._long = min(LONG, self.holding)

    def asking_each(self, *wanted: Asked) -> list[AnyPass]:
        """What asks all of them."""
        if not self._as_one:
            return [one_pass for some in wanted for one_pass in self.asking(some)]
        every = {key: question for some in wanted for key, question in some.questions.items()}
        return self.asking(Asked(every))

    def asking(self, wanted: Asked, bins: Mapping[int, Any] | None = None) -> list[AnyPass]:
        """What asks each question of its own column. ``bins`` are those of each column, where
        it has any."""
        if self._as_one:
            return self._asking_as_one(wanted.questions, bins or {})
        named = {
            (at, name): template.replace("$v", f"v{at}").replace("$m", f"m{at}").replace("$b", "?")
            for (at, name), template in wanted.questions.items()
        }
        keys = list(named)
        asking: list[AnyPass] = []
        for start in range(0, len(keys), wanted.limit):
            some_keys = keys[start : start + wanted.limit]
            places = sorted({at for at, _ in some_keys})
            # Only the columns asked of: naming all of a wide table takes longer than reading one.
            own = [self._columns[at] for at in places]
            bound = [bins[at] for at, _ in some_keys] if bins else []
            asking += self.side_by_side({key: named[key] for key in some_keys}, own, bound)
        return asking

    def side_by_side(
        self,
        questions: Mapping[Question, str],
        columns: Sequence[Column],
        bound: Sequence[Any] = (),
    ) -> list[AnyPass]:
        """What asks expressions of ``columns``, whose values are called ``v<at>`` and whose
        measures ``m<at>``."""
        keys = list(questions)
        asking: list[AnyPass] = []
        for start in range(0, len(keys), AGGREGATES):
            selected = ", ".join(questions[key] for key in keys[start : start + AGGREGATES])
            query = f"SELECT {selected} FROM {self.source(columns)}"  # noqa: S608
            asking.append(Pass(keys[start : start + AGGREGATES], query, bound))
        return asking

    def looks(self, texts: Sequence[Column], *, is_exact: bool) -> list[AnyPass]:
        """How many different values each column of ``texts`` has, and what they look like."""
        # Patterns are tried on each different value once: a million rows have few.
        unique = "count(v)" if is_exact else "approx_count_distinct(v)"
        sums = [f"coalesce(sum(n) FILTER ({test}), 0)::BIGINT" for test in TEXT_TESTS.values()]
        names, selected = ("unique", *TEXT_TESTS), ", ".join([unique, *sums])
        if self._as_one:
            return [
                LongPass(
                    names,
                    f"SELECT place, {selected} FROM (SELECT place, v, count(*) AS n"  # noqa: S608
                    f" FROM {self._cells(places)} GROUP BY ALL) GROUP BY place",
                )
                for places in self._chunks([column.at for column in texts])
            ]
        asking: list[AnyPass] = []
        for column in texts:
            counted = "count(*) AS n" if is_exact else "1 AS n"
            values = f"SELECT v{column.at} AS v, {counted} FROM {self.source([column])}"  # noqa: S608
            grouped = f"{values} WHERE v IS NOT NULL" + (" GROUP BY ALL" if is_exact else "")
            questions = [(column.at, name) for name in names]
            asking.append(Pass(questions, f"SELECT {selected} FROM ({grouped})"))  # noqa: S608
        return asking

    def source(self, columns: Iterable[Column]) -> str:
        """A relation of the values ``v<at>`` and the measures ``m<at>`` of ``columns``."""
        parts = ", ".join(
            f"{column.value} AS v{column.at}, {column.measure} AS m{column.at}"
            for column in columns
        )
        return f"(SELECT {parts} FROM {self._relation})"  # noqa: S608

    def _asking_as_one(
        self, questions: Mapping[Question, str], bins: Mapping[int, Any]
    ) -> list[AnyPass]:
        """Columns of one type of which the same is asked become one."""
        wanted: dict[int, dict[str, str]] = {}
        for (at, name), template in questions.items():
            wanted.setdefault(at, {})[name] = template
        alike: dict[tuple[str, tuple[tuple[str, str], ...]], list[int]] = {}
        for at, templates in wanted.items():
            alike.setdefault((self._sql_types[at], tuple(templates.items())), []).append(at)
        asking: list[AnyPass] = []
        for (_, named), alike_places in alike.items():
            names = [name for name, _ in named]
            selected = ", ".join(
                template.replace("$v", "v").replace("$m", "m").replace("$b", "b")
                for _, template in named
            )
            for places in self._chunks(alike_places):
                cells = self._cells(places, ", unnest(?) AS b" if bins else "")
                query = f"SELECT place, {selected} FROM {cells} GROUP BY place"  # noqa: S608
                bound = [[bins[at] for at in places]] if bins else []
                asking.append(LongPass(names, query, bound))
        return asking

    def _cells(self, places: Sequence[int], beside: str = "") -> str:
        """The columns at ``places`` as a relation of their cells' values ``v`` and measures
        ``m``, each with its place."""
        columns = [self._columns[at] for at in places]
        values = ", ".join(f"v{at}" for at in places)
        measures = ", ".join(f"m{at}" for at in places)
        return (
            f"(SELECT unnest({list(places)}) AS place, unnest([{values}]) AS v,"  # noqa: S608
            f" unnest([{measures}]) AS m{beside} FROM {self.source(columns)})"
        )

    def _chunks(self, places: Sequence[int]) -> Iterable[Sequence[int]]:
        return (places[start : start + self._long] for start in range(0, len(places), self._long))


def answers(connection: duckdb.DuckDBPyConnection, passes: Sequence[AnyPass]) -> Answers:
    """What ``passes`` find out, a few of them at once."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        read = list(
            threads.map(lambda one_pass: one_pass.read(_rows(connection, one_pass)), passes)
        )
    return {question: answer for some in read for question, answer in some.items()}


def only_row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """The row of a query, by a cursor of its own."""
    return _rows(connection, Pass((), query))[0]


def _rows(connection: duckdb.DuckDBPyConnection, one_pass: AnyPass) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        return cursor.execute(one_pass.query, list(one_pass.values)).fetchall()
