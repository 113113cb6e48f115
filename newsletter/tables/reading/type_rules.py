r"""What text may mean, as SQL: for each type, which values have it and how they convert.

``$v`` in a rule stands for a column's text, ``$n`` for the same with its
decimal mark made a point. A rule is tried only on values that are not null.
Words for types are those of Data Package v2 (Table Schema).
"""

from dataclasses import dataclass

WHOLE = "-?(0|[1-9][0-9]*)"
NOT_FINITE = "[+-]?(?i:nan|inf|infinity)"
# An exponent without a sign or a point ("1E5") is as likely a code.
NUMBER = (
    r"-?(0|[1-9][0-9]*)([eE][+-][0-9]+)?"
    r"|[+-]?((0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    f"|{NOT_FINITE}"
)
STATED_NUMBER = rf"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|{NOT_FINITE}"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
ZONE = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
DOUBLE_DIGITS = 15  # so many significant digits always survive a double
PRINTED_DIGITS = 60  # more than any program prints of one
# Places after the point that are tried when a double would lose digits.
SCALES = (2, 6, 10, 18, 28)


@dataclass(frozen=True, slots=True)
class Rule:
    """One type that values may have.

    ``twin`` names a pair of rules that read the same text as two different
    days: where both hold, neither is taken.
    """

    type: str
    holds: str
    value: str
    twin: str | None = None


def _matches(pattern: str, text: str = "$v") -> str:
    return f"regexp_full_match({text}, '{pattern}')"


def _digits(text: str) -> str:
    """The significant digits of a number, without its exponent."""
    mantissa = f"regexp_replace({text}, '[eE].*$', '')"
    return f"ltrim(regexp_replace({mantissa}, '[^0-9]', '', 'g'), '0')"


def _unless(plain: str, holds: str) -> str:
    """``holds``, which is dear, asked only of the values that are not ``plain`` to see."""
    return f"CASE WHEN {plain} THEN true ELSE {holds} END"


def _cast(type_: str, pattern: str, sql_type: str, plain: str = "false") -> Rule:
    value = f"TRY_CAST($v AS {sql_type})"
    return Rule(type_, _unless(plain, f"{_matches(pattern)} AND {value} IS NOT NULL"), value)


def _whole(pattern: str, sql_type: str) -> Rule:
    """Whole numbers. One that comes back as it is spelled has no zeros to lose."""
    return _cast("integer", pattern, sql_type, f"CAST(TRY_CAST($v AS {sql_type}) AS VARCHAR) = $v")


def _dated(type_: str, pattern: str, sql_type: str, length: int = 0) -> Rule:
    """As ``_cast``, without the year 0, which is 1 BC to a database. A moment of
    ``length`` that comes back as it is spelled has the years of four digits."""
    printed = f"CAST(TRY_CAST($v AS {sql_type}) AS VARCHAR)"
    plain = f"strlen($v) = {length} AND {printed} = replace($v, 'T', ' ')" if length else "false"
    rule = _cast(type_, pattern, sql_type, plain)
    return Rule(type_, f"{rule.holds} AND $v >= '0001'", rule.value)


def _day(pattern: str, format_: str, twin: str | None = None) -> Rule:
    value = f"CAST(try_strptime($v, '{format_}') AS DATE)"
    return Rule("date", f"{_matches(pattern)} AND {value} IS NOT NULL", value, twin)


def _decimal(scale: int) -> Rule:
    pattern = rf"[+-]?[0-9]{{1,{38 - scale}}}(\.[0-9]{{0,{scale}}})?"
    return Rule(
        "number",
        f"{_matches(NUMBER, '$n')} AND {_matches(pattern, '$n')}",
        f"CAST($n AS DECIMAL(38, {scale}))",
    )


_AS_DOUBLE = "TRY_CAST($n AS DOUBLE)"
# Printed with as many digits as the text has, the double gives the same ones; and
# it is not infinite for want of room.
_PLACES = f"least(greatest(length({_digits('$n')}) - 1, 0), {PRINTED_DIGITS})"
_PRINTED = f"format('{{:.' || {_PLACES} || 'e}}', {_AS_DOUBLE})"
_FITS_DOUBLE = (
    f"CASE WHEN length($n) <= {DOUBLE_DIGITS} AND NOT contains(lower($n), 'e') THEN true"
    f" ELSE (length({_digits('$n')}) <= {DOUBLE_DIGITS} OR (length({_digits('$n')})"
    f" <= {PRINTED_DIGITS} AND {_digits('$n')} = {_digits(_PRINTED)}))"
    f" AND (isfinite({_AS_DOUBLE}) OR {_matches(NOT_FINITE)}) END"
)
_SAME_DOUBLE = f"CAST({_AS_DOUBLE} AS VARCHAR) = $n"


@dataclass(frozen=True, slots=True)
class Grouping:
    """How thousands are marked in numbers, and the decimal mark that goes with it.

    ``marks`` is a class of characters of a regular expression.
    """

    marks: str
    decimal: str

    @property
    def pattern(self) -> str:
        return rf"[+-]?(0|[1-9][0-9]{{0,2}})({self.marks}[0-9]{{3}})*(\{self.decimal}[0-9]+)?"

    @property
    def holds(self) -> str:
        return _matches(self.pattern)

    @property
    def groups(self) -> str:
        """How many thousands are marked in a value."""
        return f"length(regexp_replace($v, '[^{self.marks[1:]}', '', 'g'))"

    @property
    def plain(self) -> str:
        """The value as other rules read it: no marks, and a point."""
        bare = f"regexp_replace($v, '{self.marks}', '', 'g')"
        return f"replace({bare}, '{self.decimal}', '.')"


_SPACES, _TICKS = "[ \u00a0\u2009\u202f]", "[''\u2019]"  # a quote is doubled in SQL
GROUPINGS = (
    Grouping("[,]", "."),
    Grouping("[.]", ","),
    *(Grouping(marks, decimal) for marks in (_SPACES, _TICKS) for decimal in ".,"),
)
# For who states that it is a number: the nearest one.
ROUNDED = Rule("number", _matches(STATED_NUMBER, "$n"), _AS_DOUBLE)
_DAYS = (
    _dated("date", DAY, "DATE", len("2000-01-01")),
    _day("[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}", "%Y/%m/%d"),
    _day(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}", "%d.%m.%Y"),
    _day("[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", "%d/%m/%Y", twin="slashes"),
    _day("[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", "%m/%d/%Y", twin="slashes"),
)
_MOMENTS = (
    _dated("datetime", f"{DAY}([T ]{CLOCK})?", "TIMESTAMP", len("2000-01-01T00:00:00")),
    _dated("datetime", f"{DAY}[T ]{CLOCK} ?{ZONE}", "TIMESTAMPTZ"),
)
_TIME = _cast("time", CLOCK, "TIME")

# In the order in which they are preferred.
NUMBERS = (
    _whole(WHOLE, "BIGINT"),
    _whole("-?(0|[1-9][0-9]{0,37})", "DECIMAL(38, 0)"),
    Rule(
        "number",
        _unless(_SAME_DOUBLE, f"{_matches(NUMBER, '$n')} AND {_FITS_DOUBLE}"),
        _AS_DOUBLE,
    ),
    *(_decimal(scale) for scale in SCALES),
)
INFERRED = (
    Rule("boolean", "lower($v) IN ('true', 'false')", "lower($v) = 'true'"),
    *NUMBERS,
    *_DAYS,
    *_MOMENTS,
    _TIME,
)
# What a person who states the type may mean by more spellings, such as 007 for an integer.
STATED = (
    Rule(
        "boolean",
        "lower($v) IN ('true', 'false', '1', '0', 'yes', 'no', 't', 'f', 'y', 'n')",
        "lower($v) IN ('true', '1', 'yes', 't', 'y')",
    ),
    _whole(r"[+-]?[0-9]+(\.0+)?", "BIGINT"),
    _whole(r"[+-]?[0-9]{1,38}(\.0+)?", "DECIMAL(38, 0)"),
    Rule(
        "number",
        _unless(_SAME_DOUBLE, f"{_matches(STATED_NUMBER, '$n')} AND {_FITS_DOUBLE}"),
        _AS_DOUBLE,
    ),
    *(_decimal(scale) for scale in SCALES),
    ROUNDED,
    *_DAYS,
    *_MOMENTS,
    _TIME,
)
