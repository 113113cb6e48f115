"""How days are written whose month has a name."""

from newsletter.tables.reading.types.clocks import (
    ANY_CLOCK,
    CENTURIES,
    CLOCK_FORMATS,
    FIRST_DAYS,
    LETTER,
    formats,
)
from newsletter.tables.reading.types.month_names import MONTHS, month_number
from newsletter.tables.reading.types.rule import Rule, matches

# Month names are found in the text without a weekday before it.
_WEEKDAY = "^(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?[.,]* +"
_TEXT = f"regexp_replace(trim(lower($v)), '{_WEEKDAY}', '')"
_NAME = f"{LETTER}{{3,12}}"
_MONTH = month_number(f"regexp_extract({_TEXT}, '{_NAME}')")
_DAY_FIRST = rf"[0-9]{{1,2}}(?:st|nd|rd|th|er|\.)?[-/ ]*(?:de |of )?{_NAME}\.?,?[-/ ]*(?:de |del )?"
_MONTH_FIRST = rf"{_NAME}\.?[-/ ]+[0-9]{{1,2}}(?:st|nd|rd|th|\.)?[-/, ]+[0-9]{{4}}"
_YEAR_FIRST = rf"[0-9]{{4}}[-/ ]{_NAME}[-/ ][0-9]{{1,2}}"
_MONTH_ALONE = rf"{_NAME}\.?,?[-/ ]*(?:de )?[0-9]{{4}}"


def _named(pattern: str, day: str, year: str, note: str | None = None) -> list[Rule]:
    """A day whose month has a name, and a moment of it; ``day`` and ``year`` find the others
    in the text."""
    written = f"format('{{:04d}}-{{:02d}}-{{:02d}}', {year}, {_MONTH}, {day})"
    value = f"TRY_CAST({written} AS DATE)"
    clock = (
        rf"replace(regexp_replace(upper(regexp_extract({_TEXT}, '{ANY_CLOCK}$')),"
        r" '\.M\.?', 'M'), ',', '.')"
    )
    moment = (
        f"try_strptime({written} || ' ' || {clock},"
        f" {formats([f'%Y-%m-%d {format_}' for format_ in CLOCK_FORMATS])})"
    )

    def rule(type_: str, whole: str, sql: str) -> Rule:
        holds = (
            f"CASE WHEN {matches(whole, _TEXT)} AND {_MONTH} IS NOT NULL"
            f" THEN coalesce(year({sql}) > 0, false) ELSE false END"
        )
        return Rule(type_, holds, sql, note=note)

    return [
        rule("date", pattern, value),
        rule("datetime", f"{pattern},? +(?:at )?{ANY_CLOCK}", moment),
    ]


def _int(text: str) -> str:
    return f"TRY_CAST({text} AS INTEGER)"


def _part(pattern: str) -> str:
    return _int(f"regexp_extract({_TEXT}, '{pattern}', 1)")


_SHORT_YEAR = _part(rf"^[^A-Za-z\x{{80}}-\x{{10FFFF}}]*{LETTER}+[^0-9]*([0-9]{{2}})\b")
_FULL_YEAR, _FIRST = _part("([0-9]{4})"), _part("^([0-9]{1,2})")
_AFTER_NAME = _part(rf"{LETTER}{{3,}}[^0-9]*([0-9]{{1,2}})\b")
NAMED = [
    *_named(f"{_DAY_FIRST}[0-9]{{4}}", _FIRST, _FULL_YEAR),
    *_named(_MONTH_FIRST, _AFTER_NAME, _FULL_YEAR),
    *_named(_YEAR_FIRST, _AFTER_NAME, _FULL_YEAR),
    *_named(
        rf"[0-9]{{1,2}}[-/ ]{_NAME}[-/ ][0-9]{{2}}",
        _FIRST,
        f"({_SHORT_YEAR} + CASE WHEN {_SHORT_YEAR} < 69 THEN 2000 ELSE 1900 END)",
        CENTURIES,
    ),
    _named(_MONTH_ALONE, "1", _FULL_YEAR, FIRST_DAYS)[0],
]
MAY_BE_NAMED = rf"(?i).*(?:{'|'.join(sorted({name[:3] for name in MONTHS}))}).*"
