"""A question about a table as SQL: a condition, an order, and the values to bind.

Columns are ``c0``, ``c1``, … in the order of the file, and ``text``, which is
all texts of a row in small letters (see ``shelf.Source``): no name that a
stranger gave, and nothing that anybody typed, is ever part of a statement.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from itertools import groupby
from typing import Any

from newsletter.errors import Invalid
from newsletter.tables.querying.table_query import MOMENTS, NUMBERS, Column, Filter, Question, typed

Condition = tuple[str, tuple[Any, ...]]  # and the values that it binds
COMPARISONS = {"gte": ">=", "lte": "<="}


def condition(question: Question, columns: Sequence[Column]) -> Condition:
    """Which rows are wanted: an SQL expression, TRUE where all are."""
    at = {name: number for number, (name, _) in enumerate(columns)}
    types = dict(columns)
    parts = [_word(word, columns) for word in question.search.split()]
    ordered = sorted(question.filters, key=lambda one_filter: one_filter.key)
    for _, alike in groupby(ordered, key=lambda one_filter: one_filter.key):
        choices = list(alike)
        name = choices[0].column
        parts.append(
            _any([_filter(one_filter, f"c{at[name]}", types[name]) for one_filter in choices])
        )
    if not parts:
        return "TRUE", ()
    return " AND ".join(sql for sql, _ in parts), sum((values for _, values in parts), ())


def order(question: Question, columns: Sequence[Column], place: str) -> str:
    """The ORDER BY clause, missing values last and equals by the column ``place``, if there
    is one; empty for the order of the file."""
    if question.sort is None:
        return ""
    at = [name for name, _ in columns].index(question.sort)
    ordered = f"ORDER BY c{at} {'DESC' if question.descending else 'ASC'} NULLS LAST"
    return f"{ordered}, {place}" if place else ordered


def _word(word: str, columns: Sequence[Column]) -> Condition:
    """Rows with ``word`` in any column: within a text, or equal to a number or a date."""
    conditions: list[Condition] = [("contains(text, lower(?::VARCHAR))", (word,))]
    for at, (_, type_) in enumerate(columns):
        if type_ in NUMBERS | MOMENTS:
            with suppress(Invalid):
                conditions.append(_compared(f"c{at}", type_, "=", typed(word, type_)))
    return _any(conditions)


def _filter(one_filter: Filter, column: str, type_: str) -> Condition:
    match one_filter.operator:
        case "isblank":
            return f"{column} IS NULL", ()
        case "notblank":
            return f"{column} IS NOT NULL", ()
        case "contains" if type_ == "list":
            return _contains(one_filter.value, f"CAST({column} AS VARCHAR)")
        case "contains":
            return _contains(one_filter.value, column)
    comparison = COMPARISONS.get(one_filter.operator, "=")
    return _compared(column, type_, comparison, typed(one_filter.value, type_))


def _contains(text: str, column: str) -> Condition:
    return f"contains(lower({column}), lower(?::VARCHAR))", (text,)


def _compared(column: str, type_: str, comparison: str, value: Any) -> Condition:
    if type_ == "datetime" and isinstance(value, date) and not isinstance(value, datetime):
        column = f"CAST({column} AS DATE)"  # a day is all of its hours
    elif isinstance(value, datetime) and value.tzinfo is not None:
        return f"{column} {comparison} (?::TIMESTAMPTZ AT TIME ZONE 'UTC')", (value.isoformat(),)
    if type_ in NUMBERS and isinstance(value, float):
        column = f"{column}::DOUBLE"
    assert comparison == "=" or type_ in NUMBERS | MOMENTS  # noqa: S101
    return f"{column} {comparison} ?", (value,)


def _any(conditions: Sequence[Condition]) -> Condition:
    values = sum((bound for _, bound in conditions), ())
    return f"({' OR '.join(sql for sql, _ in conditions)})", values
