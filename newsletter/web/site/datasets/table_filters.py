"""What the columns of a table can be filtered by, as the fields of a form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from newsletter.models.dataset import Table
from newsletter.tables.querying.table_query import MOMENTS, NUMBERS, OPERATORS, Column

MOST_CHOICES = 200
MOST_CHOICES_OF_A_WIDE_TABLE = 20
Arguments = MultiDict[str, str]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """What a column can be filtered by. ``kind`` is range, choice or text; ``values`` what
    was typed, good or not, by the operator."""

    column: str
    kind: str
    input: str  # the type of its input
    values: Mapping[str, str]
    low: str = ""
    high: str = ""
    choices: Sequence[Choice] = ()
    has_missing: bool = False


def fields_of(
    table: Table, columns: Sequence[Column], arguments: Arguments, is_wide: bool
) -> list[Field]:
    """A field for each of ``columns``, with what was typed."""
    most = MOST_CHOICES_OF_A_WIDE_TABLE if is_wide else MOST_CHOICES
    profiles = {profile["name"]: profile for profile in table.profile.get("columns", ())}
    return [_field(column, profiles.get(column[0], {}), arguments, most) for column in columns]


def _field(
    column: Column, profile: Mapping[str, Any], arguments: Arguments, most_choices: int
) -> Field:
    name, type_ = column
    typed = {operator: arguments.get(f"{name}__{operator}") for operator in OPERATORS[type_]}
    values = {operator: value for operator, value in typed.items() if value}
    statistics = profile.get("statistics", {})
    has_missing = bool(profile.get("nan_count"))
    chosen = arguments.getlist(f"{name}__exact")
    if type_ in NUMBERS | MOMENTS:
        kind = {"date": "date", "time": "time"}.get(type_, "text")
        low, high = (_end(statistics.get(end)) for end in ("min", "max"))
        return Field(name, "range", kind, values, low, high, has_missing=has_missing)
    frequencies = statistics.get("frequencies") or {}
    if type_ == "boolean" or 0 < len(frequencies) <= most_choices:
        choices = [
            Choice(
                value.lower() if type_ == "boolean" else value,
                f"{value} ({count:,})",
                (value.lower() if type_ == "boolean" else value) in chosen,
            )
            for value, count in frequencies.items()
        ]
        return Field(name, "choice", "", values, choices=choices, has_missing=has_missing)
    return Field(name, "text", "text", values, has_missing=has_missing)


def _end(value: Any) -> str:
    """A number or a moment as short as an example may be; a whole number is whole."""
    if isinstance(value, int | float):
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    return str(value or "")[:10]
