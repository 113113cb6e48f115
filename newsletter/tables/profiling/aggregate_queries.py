"""Passes over a table: each is one query that answers many questions about its columns."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import duckdb

# Many aggregates keep one thread busy, however many DuckDB has.
AT_ONCE = 2

Question = tuple[int, str]  # a column's place, and what is asked of it
Answers = dict[Question, Any]


@dataclass(frozen=True, slots=True)
class Pass:
    """A query of one row, which answers ``questions`` in their order."""

    questions: Sequence[Question]
    query: str
    values: Sequence[Any] = ()


def answers(connection: duckdb.DuckDBPyConnection, passes: Sequence[Pass]) -> Answers:
    """What ``passes`` find out, a few of them at once."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        rows = list(threads.map(lambda one_pass: only_row(connection, one_pass), passes))
    return {
        question: answer
        for one_pass, row in zip(passes, rows, strict=True)
        for question, answer in zip(one_pass.questions, row, strict=True)
    }


def only_row(connection: duckdb.DuckDBPyConnection, one_pass: Pass) -> tuple[Any, ...]:
    """The row of one pass, by a cursor of its own."""
    with connection.cursor() as cursor:
        row: tuple[Any, ...] = cursor.execute(one_pass.query, list(one_pass.values)).fetchall()[0]
    return row
