"""What a curator should look at in a table before publishing it.

Each alert is ``{"code", "column", "message"}``: the code is for programs, the
message one sentence for a person. An alert is a hint, never a refusal: real
data is skewed, sparse and strange.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Alert = dict[str, Any]
Pair = tuple[str, str, float]

MOSTLY_MISSING = 0.5
MOSTLY_ZERO = 0.5
SKEWED = 3.0
IMBALANCED = 0.9
MANY_VALUES = 50
CORRELATED = 0.9
NAMED = 5  # columns of a block, or words
SHOWN = 40  # characters of a word
MOSTLY_NUMBERS = 0.5
MANY_REJECTED = 0.05  # of the rows
# The codes of alerts in the order of their harm: what is lost, guessed or not for everybody, then
# statistics.
HARM = (
    *("rejected_rows", "header_guessed", "ambiguous_dates", "repeated_header", "total_row"),
    *("mixed_types", "placeholder_values", "leading_zeros_lost"),
    *("encoding_doubted", "encoding_guessed"),
    *("mojibake", "html_entities"),
    *("personal_data", "infinite", "all_null", "mostly_missing", "duplicate_rows"),
    *("constant", "imbalanced", "skewed", "zeros", "high_correlation", "high_cardinality"),
)
# Without a person who has looked at these, nothing is published.
NEEDS_A_PERSON = frozenset(
    {"rejected_rows", "header_guessed", "ambiguous_dates", "encoding_doubted", "personal_data"}
)
# Below this many values a pattern is an accident.
ENOUGH = 10

PLACEHOLDER_NUMBERS = (-999, -9999, -99999)
PLACEHOLDER_DAYS = ("1900-01-01", "9999-12-31")
# Both are matched whole, by RE2.
EMAIL_PATTERN = r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"
PHONE_PATTERN = (
    r"\+[0-9][0-9 ().-]{7,18}"
    r"|\([0-9]{2,4}\)[ -]?[0-9]{3,4}[ -]?[0-9]{3,5}"
    r"|[0-9]{3}[-. ][0-9]{3}[-. ][0-9]{4}"
)
# Names of columns whose digits are a code, in which a leading zero means something.
CODE_NAME = re.compile(
    r"(^|[_\W])(zip|zip_?code|post_?code|postal(_?code)?|plz|fips|isbn|ean|gtin|upc|siren|siret)"
    r"($|[_\W])",
    re.IGNORECASE,
)


def column_alerts(
    name: str, kind: str, rows: int, unique: int, facts: Mapping[str, Any]
) -> list[Alert]:
    """The alerts on one column.

    ``facts`` counts what its queries found: ``present`` values, ``infinite``,
    ``zeros``, ``placeholders``, ``emails``, ``phones``, ``numbers`` (strings
    that read as one), the ``commonest`` label's count, ``skewness``, ``min``
    and ``max``. What does not apply to the kind is absent.
    """
    if not rows:
        return []
    present = facts["present"]
    if not present:
        return [_alert("all_null", name, "Every value is missing.")]
    alerts = [
        *_missing(name, rows, present),
        *_variety(name, kind, rows, present, unique),
        *_numbers(name, present, facts),
        *_labels(name, present, unique, facts),
        *_strings(name, present, facts),
    ]
    if kind == "int" and CODE_NAME.search(name) and _digits(facts["min"]) < _digits(facts["max"]):
        message = "These look like codes read as numbers: leading zeros may be lost."
        alerts.append(_alert("leading_zeros_lost", name, message))
    return alerts


def duplicate_rows(rows: int, distinct: int) -> list[Alert]:
    """On a table of ``rows`` rows, ``distinct`` of them different."""
    if distinct >= rows:
        return []
    return [_alert("duplicate_rows", None, f"{_count(rows - distinct, 'row')} repeated exactly.")]


def high_correlations(pairs: Iterable[tuple[str, str, float | None]]) -> list[Alert]:
    """On pairs of numeric columns with Pearson's r: one for each block of columns of which each
    moves with another."""
    alerts = []
    for block in _blocks((one, other, r) for one, other, r in pairs if r is not None):
        name, *others = dict.fromkeys(column for one, other, _ in block for column in (one, other))
        if others[1:]:
            least = min(abs(r) for _, _, r in block)
            named = ", ".join(others[:NAMED])
            more = f" and {len(others) - NAMED:,} more" if others[NAMED:] else ""
            message = f"Moves with {named}{more} (|r| from {least:.2f}): one may say it all."
        else:
            message = f"Moves with {others[0]} (r = {block[0][2]:.2f}): one may say it all."
        alerts.append(_alert("high_correlation", name, message))
    return alerts


def _blocks(pairs: Iterable[Pair]) -> list[list[Pair]]:
    """The pairs that move together, those that share a column in one list."""
    blocks: list[list[Pair]] = []
    for pair in pairs:
        if abs(pair[2]) < CORRELATED:
            continue
        joined = [b for b in blocks if any({*pair[:2]} & {*other[:2]} for other in b)]
        blocks = [b for b in blocks if b not in joined]
        blocks.append([*(other for block in joined for other in block), pair])
    return blocks


def rejected_rows(rows_in: int, rejected: int) -> list[Alert]:
    """On the rows of a file that are not in the table."""
    if rejected <= MANY_REJECTED * rows_in:
        return []
    share = f"{_count(rejected, 'row')} of {rows_in:,} ({rejected / rows_in:.0%})"
    return [_alert("rejected_rows", None, f"{share} do not fit and were rejected.")]


def repeated_header(count: int) -> list[Alert]:
    """On rows that say the columns' names again, which makes every column text."""
    if not count:
        return []
    say = "says" if count == 1 else "say"
    message = f"{_count(count, 'row')} {say} the header again: without them columns may be numbers."
    return [_alert("repeated_header", None, message)]


def total_row(column: str, label: str) -> Alert:
    """On a last row that sums up those above, and is counted with them."""
    return _alert("total_row", column, f"The last row is called {label}: it may sum up the others.")


def wrong_texts(column: str, mojibake: int, entities: int) -> list[Alert]:
    how = "`--repair` reads what was meant."
    return [
        _alert(code, column, f"{_count(count, 'cell')} {what}: {how}")
        for code, count, what in (
            ("mojibake", mojibake, "of text decoded in a wrong encoding, such as Ã© for é"),
            ("html_entities", entities, "with HTML entities, such as &amp; for &"),
        )
        if count
    ]


def doubted_encoding(column: str, words: Sequence[str]) -> Alert:
    """On ``words`` of no language, in a file whose encoding was guessed."""
    number, are = ("A word", "is") if len(words) == 1 else (f"{len(words):,} words", "are")
    shown = ", ".join(word[:SHOWN] for word in words[:NAMED]) + (", …" if words[NAMED:] else "")
    message = (
        f"{number} {are} of no language ({shown}): state the encoding, which is a guess, with"
        " `--encoding`."
    )
    return _alert("encoding_doubted", column, message)


def by_harm(alerts: Iterable[Alert]) -> list[Alert]:
    """The alerts on a table, what harms most first; those of one kind stay in their order."""
    places = {code: place for place, code in enumerate(HARM)}
    return sorted(alerts, key=lambda alert: places.get(alert["code"], len(places)))


def of_reading(code: str, column: str | None, message: str) -> Alert:
    """On what was decided while the file was read."""
    return _alert(code, column, message)


def _missing(name: str, rows: int, present: int) -> list[Alert]:
    share = 1 - present / rows
    if share < MOSTLY_MISSING:
        return []
    return [_alert("mostly_missing", name, f"{share:.0%} of the values are missing.")]


def _variety(name: str, kind: str, rows: int, present: int, unique: int) -> list[Alert]:
    if unique == 1 and present == rows and rows > 1:
        return [_alert("constant", name, "Every row has the same value.")]
    if kind not in {"int", "string_text", "string_label"} or present < ENOUGH:
        return []
    if unique == rows:
        return [_alert("unique", name, "Every value is different: it may be an identifier.")]
    if kind != "int" and unique > MANY_VALUES:
        message = f"{unique:,} different values: too many to colour or compare by."
        return [_alert("high_cardinality", name, message)]
    return []


def _numbers(name: str, present: int, facts: Mapping[str, Any]) -> list[Alert]:
    alerts = []
    if count := facts.get("infinite", 0):
        message = f"{_count(count, 'value')} infinite or out of range, left out of the statistics."
        alerts.append(_alert("infinite", name, message))
    if facts.get("zeros", 0) >= MOSTLY_ZERO * present:
        alerts.append(_alert("zeros", name, f"{facts['zeros'] / present:.0%} of the values are 0."))
    skewness = facts.get("skewness")
    if skewness is not None and present >= ENOUGH and abs(skewness) >= SKEWED:
        side = "high" if skewness > 0 else "low"
        message = f"A long tail of {side} values (skewness {skewness:.1f}): the mean misleads."
        alerts.append(_alert("skewed", name, message))
    return alerts


def _labels(name: str, present: int, unique: int, facts: Mapping[str, Any]) -> list[Alert]:
    commonest = facts.get("commonest", 0)
    if unique < 2 or present < ENOUGH or commonest < IMBALANCED * present:
        return []
    return [_alert("imbalanced", name, f"One value makes up {commonest / present:.0%} of it.")]


def _strings(name: str, present: int, facts: Mapping[str, Any]) -> list[Alert]:
    alerts = []
    if MOSTLY_NUMBERS * present <= facts.get("numbers", 0) < present:
        text = present - facts["numbers"]
        message = f"Numbers, but for {_count(text, 'value')} of text."
        alerts.append(_alert("mixed_types", name, message))
    if count := facts.get("placeholders", 0):
        stand = "stands" if count == 1 else "stand"
        message = f"{_count(count, 'value')} that often {stand} for a missing one."
        alerts.append(_alert("placeholder_values", name, message))
    for code, noun in (("emails", "an e-mail address"), ("phones", "a phone number")):
        if count := facts.get(code, 0):
            message = f"{_count(count, 'value')} like {noun}: check that it may be published."
            alerts.append(_alert("personal_data", name, message))
    return alerts


def _digits(number: int) -> int:
    return len(str(abs(number)))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _alert(code: str, column: str | None, message: str) -> Alert:
    return {"code": code, "column": column, "message": message}
