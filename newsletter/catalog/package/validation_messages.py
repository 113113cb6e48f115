"""pydantic's errors as sentences for the person who wrote the value."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

Context = dict[str, Any]

SENTENCES: dict[str, Callable[[Context], str]] = {
    "missing": lambda _: "is missing: add it",
    "string_type": lambda _: "must be text: put it in quotes",
    "string_too_short": lambda c: f"at least {_count(c['min_length'], 'character')}",
    "string_too_long": lambda c: f"at most {_count(c['max_length'], 'character')}",
    "too_short": lambda c: f"at least {_count(c['min_length'], 'entry', 'entries')}",
    "too_long": lambda c: f"at most {_count(c['max_length'], 'entry', 'entries')}",
    "tuple_type": lambda _: "must be a list",
    "dict_type": lambda _: "must be a mapping (name: value)",
    "model_type": lambda _: "must be a mapping (name: value)",
    "literal_error": lambda c: f"one of {str(c['expected']).replace(chr(39), '')}",
    "int_type": lambda _: "must be a whole number",
    "int_parsing": lambda _: "must be a whole number",
    "greater_than_equal": lambda c: f"at least {c['ge']}",
    "date_type": lambda _: "must be a date such as 2026-11-23",
    "date_parsing": lambda _: "must be a date such as 2026-11-23",
    "date_from_datetime_parsing": lambda _: "must be a date such as 2026-11-23",
    "date_from_datetime_inexact": lambda _: "must be a date such as 2026-11-23",
    "extra_forbidden": lambda _: "is not a field that we know: check its spelling or remove it",
    "value_error": lambda c: str(c["error"]),
}


def complaints(error: ValidationError) -> dict[str, str]:
    """``{dotted path: what to do about it}``, one sentence a path.

    A rule that concerns a whole mapping is filed under that mapping's path;
    the root's path is ``""``.
    """
    messages: dict[str, str] = {}
    for entry in error.errors(include_url=False, include_input=False):
        path = ".".join(str(step) for step in entry["loc"])
        say = SENTENCES.get(entry["type"])
        messages.setdefault(path, say(entry.get("ctx", {})) if say else entry["msg"])
    return messages


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
