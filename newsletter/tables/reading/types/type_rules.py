r"""What text may mean, as SQL: for each type, which values have it and how they convert.

Words for types are those of Data Package v2 (Table Schema).
"""

from newsletter.tables.reading.types.date_rules import (
    COMPACT_DAY,
    DAYS,
    EPOCHS,
    MOMENTS,
    SEASON,
    TIMES,
)
from newsletter.tables.reading.types.rule import Rule, cast, matches, unless

WHOLE = "-?(0|[1-9][0-9]*)"
NOT_FINITE = "[+-]?(?i:inf|infinity)"
# An exponent without a sign or a point is as likely a code, in capitals: "1E5".
NUMBER = (
    r"-?(0|[1-9][0-9]*)([eE][+-][0-9]+|e[0-9]+)?"
    r"|[+-]?((0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
    f"|{NOT_FINITE}"
)
STATED_NUMBER = rf"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|{NOT_FINITE}"
FRACTION = r"[+-]?[0-9]{0,15}\.[0-9]*([eE][+-]?[0-9]+)?"
DOUBLE_DIGITS = 15  # so many significant digits always survive a double
PRINTED_DIGITS = 60  # more than any program prints of one
# Places after the point that are tried when a double would lose digits.
SCALES = (2, 6, 10, 18, 28)


def _digits(text: str) -> str:
    """The significant digits of a number, without its exponent."""
    mantissa = f"regexp_replace({text}, '[eE].*$', '')"
    return f"ltrim(regexp_replace({mantissa}, '[^0-9]', '', 'g'), '0')"


def _whole(pattern: str, sql_type: str) -> Rule:
    """Whole numbers. One that comes back as it is spelled has no zeros to lose."""
    return cast("integer", pattern, sql_type, f"CAST(TRY_CAST($v AS {sql_type}) AS VARCHAR) = $v")


def _decimal(scale: int) -> Rule:
    pattern = rf"[+-]?[0-9]{{1,{38 - scale}}}(\.[0-9]{{0,{scale}}})?"
    return Rule(
        "number",
        f"{matches(NUMBER, '$n')} AND {matches(pattern, '$n')}",
        f"CAST($n AS DECIMAL(38, {scale}))",
    )


_AS_DOUBLE = "TRY_CAST($n AS DOUBLE)"
# Printed with as many digits as the text has, the double gives the same ones; and
# it is not infinite for want of room.
_PLACES = f"least(greatest(length({_digits('$n')}) - 1, 0), {PRINTED_DIGITS})"
_PRINTED = f"format('{{:.' || {_PLACES} || 'e}}', {_AS_DOUBLE})"
FITS_DOUBLE = (
    f"CASE WHEN length($n) <= {DOUBLE_DIGITS} AND NOT contains(lower($n), 'e') THEN true"
    f" ELSE (length({_digits('$n')}) <= {DOUBLE_DIGITS} OR (length({_digits('$n')})"
    f" <= {PRINTED_DIGITS} AND {_digits('$n')} = {_digits(_PRINTED)}))"
    f" AND (isfinite({_AS_DOUBLE}) OR {matches(NOT_FINITE)}) END"
)
_SAME_DOUBLE = f"$n NOT IN ('nan', '-nan') AND CAST({_AS_DOUBLE} AS VARCHAR) = $n"


# For who states that it is a number: the nearest one.
ROUNDED = Rule("number", matches(STATED_NUMBER, "$n"), _AS_DOUBLE)
# The nearest one of a fraction, too: more digits of it than fit are no id.
NEAREST = Rule(
    "number",
    f"{matches(NUMBER, '$n')} AND ({FITS_DOUBLE} OR ({matches(FRACTION, '$n')}"
    f" AND isfinite({_AS_DOUBLE})))",
    _AS_DOUBLE,
)
# In the order in which they are preferred.
NUMBERS = (
    _whole(WHOLE, "BIGINT"),
    _whole("-?(0|[1-9][0-9]{0,37})", "DECIMAL(38, 0)"),
    Rule(
        "number",
        unless(_SAME_DOUBLE, f"{matches(NUMBER, '$n')} AND {FITS_DOUBLE}"),
        _AS_DOUBLE,
    ),
    *(_decimal(scale) for scale in SCALES),
    NEAREST,
)
INFERRED = (
    Rule("boolean", "lower($v) IN ('true', 'false')", "lower($v) = 'true'"),
    *NUMBERS,
    *DAYS,
    SEASON,
    *MOMENTS,
    *TIMES,
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
        unless(_SAME_DOUBLE, f"{matches(STATED_NUMBER, '$n')} AND {FITS_DOUBLE}"),
        _AS_DOUBLE,
    ),
    *(_decimal(scale) for scale in SCALES),
    ROUNDED,
    *DAYS,
    COMPACT_DAY,
    *MOMENTS,
    *EPOCHS,
    *TIMES,
)
