"""How people and programs write days, moments and times of day."""

import re
from collections.abc import Sequence

from newsletter.tables.reading.types.clocks import (
    ANY_CLOCK,
    CENTURIES,
    CLOCK_FORMATS,
    FIRST_DAYS,
    HALF_DAY,
    LETTER,
    formats,
)
from newsletter.tables.reading.types.named_days import NAMED
from newsletter.tables.reading.types.rule import Rule, cast, matches

DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
ZONE = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)"
B = "[ \u00a0]*"  # blanks
# What the digits of a column mean is told by its name.
DATE_NAME = re.compile(
    r"(?:^|[_\W\d])(?:day|dt|datum|fecha|data|dato|jour|dob|ymd|yyyymmdd)(?:$|[_\W\d])|date|Date",
    re.IGNORECASE,
)
TIME_NAME = re.compile(
    r"time|epoch|unix|created|updated|modified|(?:_|[a-z](?=At))at$|(?:^|[_\W])(?:ts|utc)$",
    re.IGNORECASE,
)


def _dated(type_: str, pattern: str, sql_type: str, length: int = 0) -> Rule:
    """As ``cast``, without the year 0, which is 1 BC to a database. A moment of
    ``length`` that comes back as it is spelled has the years of four digits."""
    printed = f"CAST(TRY_CAST($v AS {sql_type}) AS VARCHAR)"
    plain = f"strlen($v) = {length} AND {printed} = replace($v, 'T', ' ')" if length else "false"
    rule = cast(type_, pattern, sql_type, plain)
    return Rule(type_, f"{rule.holds} AND $v >= '0001'", rule.value)


def _computed(
    type_: str,
    pattern: str,
    value: str,
    twin: str | None = None,
    order: str | None = None,
    note: str | None = None,
) -> Rule:
    is_known = f"{value} IS NOT NULL" if type_ == "time" else f"year(TRY_CAST({value} AS DATE)) > 0"
    holds = f"{matches(f'{B}(?:{pattern}){B}')} AND coalesce({is_known}, false)"
    return Rule(type_, holds, value, twin, order, note)


def _ordered(
    pattern: str,
    format_: str,
    twin: str | None = None,
    order: str | None = None,
    note: str | None = None,
) -> list[Rule]:
    """A day whose parts are digits, and a moment of it."""
    day = f"CAST(try_strptime(trim($v), '{format_}') AS DATE)"
    clock = "regexp_replace(replace(trim($v), ',', '.'), '([0-9])[T.]? +|([0-9])T', '\\1\\2 ')"
    clock = f"replace(upper({clock}), '.M', 'M')"
    spellings = formats([f"{format_} {clock_format}" for clock_format in CLOCK_FORMATS])
    moment = f"try_strptime({clock}, {spellings})"
    between = "(?:T|,? +)"
    return [
        _computed("date", pattern, day, twin, order, note),
        _computed(
            "datetime",
            f"{pattern}{between}(?:{ANY_CLOCK}|{HALF_DAY})",
            moment,
            twin and f"{twin} and time",
            order,
            note,
        ),
    ]


def _orders(mark: str, year: str, orders: Sequence[str]) -> list[Rule]:
    """Days that are written with ``mark`` in one of ``orders``, which are told apart by the
    whole column only."""
    digits = "[0-9]{4}" if year == "%Y" else "[0-9]{2}"
    part = {"d": ("%d", "[0-9]{1,2}"), "m": ("%m", "[0-9]{1,2}"), "y": (year, digits)}
    names = {"d": "day", "m": "month", "y": "year"}
    escaped = f"\\{mark}"
    rules = []
    for order in orders:
        pattern = escaped.join(part[sign][1] for sign in order)
        format_ = mark.join(part[sign][0] for sign in order)
        named = f"as {'/'.join(names[sign] for sign in order)}" if len(orders) > 1 else None
        note = ", ".join(filter(None, [named, CENTURIES if year == "%y" else None])) or None
        twin = f"{mark}{year}" if len(orders) > 1 else None
        rules += _ordered(pattern, format_, twin, order, note)
    return rules


_QUARTER = "TRY_CAST(regexp_extract($v, '[qQ]([1-4])', 1) AS INTEGER)"
_QUARTER_DAY = (
    f"TRY_CAST(format('{{}}-{{:02d}}-01', regexp_extract($v, '[0-9]{{4}}'), 3 * {_QUARTER} - 2)"
    " AS DATE)"
)
_WEEK = "regexp_replace(trim($v), '-?W([0-9]{2})-?', '-W\\1-')"
_WEEK_DAY = (
    f"CAST(try_strptime({_WEEK} || CASE WHEN {_WEEK} LIKE '%-' THEN '1' ELSE '' END,"
    " '%G-W%V-%u') AS DATE)"
)
_PERIODS = [
    _computed(
        "date",
        "(?:1[0-9]{3}|20[0-9]{2})[-/](?:0[1-9]|1[0-2])",
        "CAST(try_strptime(replace(trim($v), '/', '-') || '-01', '%Y-%m-%d') AS DATE)",
        twin="season",
        note=FIRST_DAYS,
    ),
    _computed(
        "date",
        "(?:0?[1-9]|1[0-2])/[0-9]{4}",
        "CAST(try_strptime('1/' || trim($v), '%d/%m/%Y') AS DATE)",
        note=FIRST_DAYS,
    ),
    _computed("date", "[0-9]{4}-?W[0-9]{2}", _WEEK_DAY, note=FIRST_DAYS),
    _computed("date", "[0-9]{4}-?W[0-9]{2}-?[1-7]", _WEEK_DAY),
    _computed(
        "date",
        "[0-9]{4}[- ]?[qQ][1-4]|[qQ][1-4][-/ ]?[0-9]{4}",
        _QUARTER_DAY,
        note=FIRST_DAYS,
    ),
]
# "2001-02" may be the year from 2001 to 2002: text, unless other values are months for sure.
SEASON = Rule(
    "string",
    f"{matches('[0-9]{4}[-/][0-9]{2}')}"
    " AND (TRY_CAST(left($v, 4) AS INTEGER) + 1) % 100 = TRY_CAST(right($v, 2) AS INTEGER)",
    "$v",
    twin="season",
)
DAYS = [
    _dated("date", DAY, "DATE", len("2000-01-01")),
    *(rule for mark in "-/." for rule in _orders(mark, "%Y", ["ymd"])),
    *_orders(".", "%Y", ["dmy"]),
    *_ordered(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}", "%d.%m.%y", order="dmy", note=CENTURIES),
    *_orders("/", "%Y", ["dmy", "mdy"]),
    *_orders("/", "%y", ["dmy", "mdy"]),
    *_orders("-", "%Y", ["dmy", "mdy"]),
    *_orders("-", "%y", ["dmy", "mdy", "ymd"]),
    *_PERIODS,
    *NAMED,
]
_ISO = "regexp_replace(replace(trim($v), ',', '.'), ' ?(Z|UTC|GMT)$', '+00')"
_SECONDS, _NANOSECONDS = "[0-9]{2}:[0-9]{2}:[0-9]{2}", "[.,][0-9]{1,9}"
MOMENTS = [
    _dated("datetime", f"{DAY}([T ]{CLOCK})?", "TIMESTAMP", len("2000-01-01T00:00:00")),
    _dated("datetime", f"{DAY}[T ]{CLOCK} ?{ZONE}", "TIMESTAMPTZ"),
    _computed(
        "datetime",
        f"{DAY}[T ]{CLOCK} ?(?:Z|UTC|GMT|[+-][0-9]{{2}}:?[0-9]{{2}})",
        f"TRY_CAST({_ISO} AS TIMESTAMPTZ)",
    ),
    _computed(
        "datetime",
        f"{DAY}[T ]{_SECONDS}{_NANOSECONDS}",
        "TRY_CAST(replace(trim($v), ',', '.') AS TIMESTAMP_NS)",
    ),
    _computed(
        "datetime",
        f"{DAY}[T ]{_SECONDS}{_NANOSECONDS} ?(?:Z|UTC|GMT|[+-][0-9]{{2}}:?[0-9]{{2}})",
        f"CAST(TRY_CAST({_ISO} AS TIMESTAMPTZ_NS) AS TIMESTAMPTZ)",  # which has no statistics
        note="to the nearest microsecond",
    ),
    _computed("datetime", f"{DAY}[T ][0-9]{{2}}", "TRY_CAST(trim($v) || ':00' AS TIMESTAMP)"),
    _computed("datetime", "[0-9]{8}T[0-9]{6}", "try_strptime(trim($v), ['%Y%m%dT%H%M%S'])"),
    _computed(
        "datetime",
        "[0-9]{8}T[0-9]{6}Z",
        "try_strptime(trim($v), ['%Y%m%dT%H%M%SZ']) AT TIME ZONE 'UTC'",
    ),
    _computed(
        "datetime",
        f"{LETTER}{{3}}, [0-9]{{1,2}} {LETTER}{{3}} [0-9]{{4}} [0-9:]{{8}}"
        " (?:[+-][0-9]{4}|GMT|UTC)",
        "try_strptime(regexp_replace(trim($v), '(GMT|UTC)$', '+0000'), '%a, %d %b %Y %H:%M:%S %z')",
    ),
    _computed(
        "datetime",
        f"{LETTER}{{3}} {LETTER}{{3}} +[0-9]{{1,2}} [0-9:]{{8}} [0-9]{{4}}",
        "try_strptime(regexp_replace(trim($v), ' +', ' ', 'g'), '%a %b %d %H:%M:%S %Y')",
    ),
]
TIMES = [
    cast("time", CLOCK, "TIME"),
    _computed("time", "[0-9]{1,2}:[0-9]{2}:[0-9]{2}", "TRY_CAST(lpad(trim($v), 8, '0') AS TIME)"),
    _computed(
        "time",
        HALF_DAY,
        "CAST(try_strptime(replace(upper(trim($v)), '.', ''), ["
        "'%I:%M %p', '%I:%M:%S %p', '%I:%M%p', '%I:%M:%S%p', '%I %p', '%I%p']) AS TIME)",
    ),
]
COMPACT_DAY = Rule(
    "date",
    f"{matches('(1[5-9]|20)[0-9]{6}')} AND try_strptime($v, '%Y%m%d') IS NOT NULL",
    "CAST(try_strptime($v, '%Y%m%d') AS DATE)",
    note="as days written YYYYMMDD",
)


def _epoch(digits: str, scale: int, unit: str) -> Rule:
    """Moments before the year 2100, as so many units since 1970."""
    micros = f"TRY_CAST($v AS BIGINT) * {1_000_000 // scale}"
    holds = (
        f"CASE WHEN {matches(digits)} THEN TRY_CAST($v AS BIGINT) < {4_102_444_800 * scale}"
        " ELSE false END"
    )
    moment = f"make_timestamp({micros}) AT TIME ZONE 'UTC'"
    return Rule("datetime", holds, moment, note=f"as {unit} since 1970")


EPOCHS = [
    _epoch("[1-9][0-9]{8,9}", 1, "seconds"),
    _epoch("[1-9][0-9]{11,12}", 1000, "milliseconds"),
]
# What few columns have: tried where each value may be a day or a time and all else has failed.
SELDOM = frozenset((*DAYS[1:], SEASON, *MOMENTS[2:], *TIMES[1:]))
# How all of them begin.
MAY_BE_SELDOM = (
    rf"{B}(?:[0-9]|[qQ][1-4]"
    rf"|{LETTER}{{3,12}}[-/., ]+(?:de )?(?:[0-9]|{LETTER}{{3,12}}[., ]+[0-9])).*"
)


def by_name(name: str) -> list[Rule]:
    """The rules of digits that a column's name gives their meaning."""
    if TIME_NAME.search(name):
        return [*EPOCHS, COMPACT_DAY] if DATE_NAME.search(name) else EPOCHS
    return [COMPACT_DAY] if DATE_NAME.search(name) else []
