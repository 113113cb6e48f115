"""One column as SQL: its value, its measure, and the aggregates that suit it.

``$v`` and ``$m`` in the aggregates stand for ``value`` and ``measure``.
"""

from dataclasses import dataclass

from newsletter.tables.missing_words import is_missing_word
from newsletter.tables.profiling import alerts

# What a string ``v`` looks like, by the name that ``alerts`` knows it under. A dear
# test is asked only where a cheap one leaves a doubt: none of what they look for is
# long, and a number begins with a sign, a digit, white space, "inf" or "nan".
TEXT_TESTS = {
    "emails": f"CASE WHEN contains(v, '@') THEN regexp_full_match(v, '{alerts.EMAIL_PATTERN}') END",
    "phones": f"CASE WHEN len(v) <= 22 THEN regexp_full_match(v, '{alerts.PHONE_PATTERN}') END",
    "numbers": "CASE WHEN v < ':' OR lower(v[1]) IN ('i', 'n')"
    " THEN TRY_CAST(v AS DOUBLE) IS NOT NULL END",
    "placeholders": f"CASE WHEN len(v) <= 22 THEN {is_missing_word('v')} END",
}
KINDS = {
    "string": "string_text",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "date": "date",
    "datetime": "datetime",
    "time": "time",
    "list": "list",
}
# The years 1 to 9999: what Python, JSON readers and charts can hold.
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
FIRST_SECOND, LAST_SECOND = FIRST_DAY * 86_400, LAST_DAY * 86_400 + 86_399
# The cube of a larger number overflows the sum that skewness takes.
LARGEST_CUBED = 1e90


@dataclass(frozen=True)
class Column:
    """The ``at``-th column of a table."""

    at: int
    name: str
    type: str

    @property
    def kind(self) -> str:
        """Its kind; for text, before its values decide between label and text."""
        return KINDS[self.type]

    @property
    def is_text(self) -> bool:
        return self.kind == "string_text"

    @property
    def is_measured(self) -> bool:
        return self.kind != "bool"

    @property
    def value(self) -> str:
        """The value, null where it is missing."""
        name = quoted(self.name)
        if self.kind == "float":
            return f"CASE WHEN NOT isnan({name}::DOUBLE) THEN {name}::DOUBLE END"
        return name

    @property
    def measure(self) -> str:
        """The number that stands for the value, null where none does."""
        match self.kind:
            case "string_text" | "list":
                return f"len({self.value})"
            case "float":
                return f"CASE WHEN isfinite({self.value}) THEN {self.value} END"
            case "date":
                days = f"date_diff('day', DATE '1970-01-01', {self.value})"
                return _between(days, FIRST_DAY, LAST_DAY)
            case "datetime":
                # Not by epoch(), a double: it rounds .999999 up to the next second.
                micros = f"epoch_us({self.value})"
                seconds = f"({micros} // 1000000 - ({micros} % 1000000 < 0)::BIGINT)"
                return _between(seconds, FIRST_SECOND, LAST_SECOND)
            case "time":
                return f"floor(epoch({self.value}))::BIGINT"
            case "bool":
                return "NULL"
        return self.value

    def aggregates(self) -> dict[str, str]:
        """What one pass finds out about the column, by name."""
        expressions = {"present": "count($v)"}
        if not self.is_measured:
            return expressions
        expressions |= {
            "infinite": "count($v) - count($m)",
            "min": "min($m)",
            "max": "max($m)",
            "mean": "favg($m::DOUBLE)",
            "std": "stddev_samp($m::DOUBLE)",
        }
        if self.kind in {"int", "float"}:
            cubed = f"CASE WHEN abs($m::DOUBLE) < {LARGEST_CUBED} THEN $m::DOUBLE END"
            placeholders = alerts.PLACEHOLDER_NUMBERS
            expressions["zeros"] = "count(*) FILTER ($m = 0)"
            expressions["skewness"] = f"skewness({cubed})"
            expressions["placeholders"] = f"count(*) FILTER ($m IN {placeholders})"
        if self.kind in {"date", "datetime"}:
            days = ", ".join(f"DATE '{day}'" for day in alerts.PLACEHOLDER_DAYS)
            expressions["placeholders"] = f"count(*) FILTER (TRY_CAST($v AS TIMESTAMP) IN ({days}))"
        return expressions


def quoted(name: str) -> str:
    """``name`` as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _between(measure: str, low: int, high: int) -> str:
    return f"CASE WHEN {measure} BETWEEN {low} AND {high} THEN {measure} END"
