"""What a rule of a type is: which texts have the type, and what they convert to, as SQL.

``$v`` in a rule stands for a column's text, ``$n`` for the same with its
decimal mark made a point. A rule is tried only on values that are not null.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One type that values may have.

    ``twin`` names rules that read the same text as different days: where more than
    one of them holds, none is taken. ``order`` is that of day, month and year, by
    which a person may tell them apart. ``note`` ends the sentence that tells how
    the values were read, where that is worth one.
    """

    type: str
    holds: str
    value: str
    twin: str | None = None
    order: str | None = None
    note: str | None = None


def matches(pattern: str, text: str = "$v") -> str:
    return f"regexp_full_match({text}, '{pattern}')"


def unless(plain: str, holds: str) -> str:
    """``holds``, which is dear, asked only of the values that are not ``plain`` to see."""
    return f"CASE WHEN {plain} THEN true ELSE {holds} END"


def cast(type_: str, pattern: str, sql_type: str, plain: str = "false") -> Rule:
    """Texts of ``pattern`` that the database reads as ``sql_type``."""
    value = f"TRY_CAST($v AS {sql_type})"
    return Rule(type_, unless(plain, f"{matches(pattern)} AND {value} IS NOT NULL"), value)
