"""What somebody asks of a table: which rows, in which order. As a value, and as an address.

The address is Datasette's: ``_search=``, ``_sort=`` or ``_sort_desc=`` with the
name of a column, and filters such as ``flipper_mm__gte=200``. The same filter
twice means either of the two values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from newsletter.errors import Invalid

LONGEST = 200  # characters of a value
MOST_FILTERS = 40
MOST_WORDS = 6

SEARCH, SORT, SORT_DESC = "_search", "_sort", "_sort_desc"
NUMBERS = frozenset({"integer", "number"})
MOMENTS = frozenset({"date", "datetime", "time"})
TEXTS = frozenset({"string", "list"})
BLANK = {"isblank": "is missing", "notblank": "is there"}
# The filters of each type of column, by the end of their name, and how one says them.
RANGE = {"gte": "is at least", "lte": "is at most"}
OPERATORS = {
    **{type_: {"exact": "is", **RANGE, **BLANK} for type_ in NUMBERS | MOMENTS},
    "boolean": {"exact": "is", **BLANK},
    "string": {"contains": "contains", "exact": "is", **BLANK},
    "list": {"contains": "contains", **BLANK},
}
ALL_OPERATORS = frozenset(name for names in OPERATORS.values() for name in names)

Column = tuple[str, str]  # its name, and its type in the words of dataset.yaml
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Filter:
    """``value`` is what was typed, which ``typed`` can read; empty where none is needed."""

    column: str
    operator: str
    value: str = ""

    @property
    def key(self) -> str:
        return f"{self.column}__{self.operator}"


@dataclass(frozen=True, slots=True)
class Question:
    search: str = ""
    filters: tuple[Filter, ...] = ()
    sort: str | None = None
    descending: bool = False

    @property
    def is_everything(self) -> bool:
        """Whether it asks for every row, in whatever order."""
        return not self.search and not self.filters

    def pairs(self) -> Pairs:
        """Its part of an address, which ``asked`` reads back."""
        arguments = [(SEARCH, self.search)] if self.search else []
        arguments += [(one_filter.key, one_filter.value or "1") for one_filter in self.filters]
        if self.sort is not None:
            arguments.append((SORT_DESC if self.descending else SORT, self.sort))
        return arguments


def asked(parameters: Iterable[tuple[str, str]], columns: Sequence[Column]) -> Question:
    """The question that an address asks of a table of ``columns``.

    Empty values, and parameters of others (without ``__``), count for nothing.
    Raises Invalid with one sentence.
    """
    types = dict(columns)
    search, filters = "", []
    sort: str | None = None
    descending = False
    for key, value in parameters:
        value = value.strip()
        if not value:
            continue
        if len(value) > LONGEST or "\0" in value:
            raise Invalid(f"Look for at most {LONGEST} ordinary characters.")
        if key == SEARCH:
            search = value
        elif key in (SORT, SORT_DESC):
            sort, descending = _known(value, types), key == SORT_DESC
        elif "__" in key:
            filters.append(_filter(key, value, types))
    if len(filters) > MOST_FILTERS or len(search.split()) > MOST_WORDS:
        raise Invalid(f"Ask for at most {MOST_WORDS} words and {MOST_FILTERS} filters at once.")
    return Question(search, tuple(dict.fromkeys(filters)), sort, descending)


def typed(value: str, type_: str) -> Any:
    """``value`` as a column of ``type_`` holds it. Raises Invalid."""
    try:
        return _READERS[type_](value)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise Invalid(f"“{value[:40]}” is not {_NAMED.get(type_, 'a value')}.") from error


def _filter(key: str, value: str, types: dict[str, str]) -> Filter:
    column, _, operator = key.rpartition("__")
    if operator not in ALL_OPERATORS:
        raise Invalid(f"There is no filter “{operator[:40]}”.")
    type_ = types[_known(column, types)]
    if operator not in OPERATORS[type_]:
        raise Invalid(f"The column “{column}” cannot be filtered by “{operator}”.")
    if operator in BLANK:
        return Filter(column, operator)
    if operator != "contains":
        typed(value, type_)
    return Filter(column, operator, value)


def _known(name: str, types: dict[str, str]) -> str:
    if name not in types:
        raise Invalid(f"The table has no column “{name[:60]}”.")
    return name


def _integer(text: str) -> int | float:
    """As many digits as DuckDB has for integers: an id of 19 is that id alone."""
    return _number(text, 10**38)


def _number(text: str, most: int = 10**18) -> int | float:
    number = Decimal(text.replace("\N{MINUS SIGN}", "-"))
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise ValueError(text)
    whole = number == number.to_integral_value() and abs(number) < most
    return int(number) if whole else float(number)


def _truth(text: str) -> bool:
    if text.casefold() not in ("true", "false"):
        raise ValueError(text)
    return text.casefold() == "true"


def _moment(text: str) -> date | datetime:
    """A whole day where no time is given."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)


_READERS: dict[str, Any] = {
    "integer": _integer,
    "number": _number,
    "boolean": _truth,
    "date": date.fromisoformat,
    "datetime": _moment,
    "time": time.fromisoformat,
    "string": str,
    "list": str,
}
_NAMED = {
    "integer": "a number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-11-23",
    "datetime": "a date or a time such as 2026-11-23T09:00",
    "time": "a time such as 09:00",
}
