"""The alerts on a table as a person reads them: few lines, what harms most first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from newsletter.tables.profiling.alerts import NEEDS_A_PERSON, by_harm

SHOWN = 12  # lines, before there is "more"
SINGLE = 3  # so many columns with the same alert have a line each
NAMED = 5
# What many columns have in common, without the figures of each.
IN_COMMON = {
    "ambiguous_dates": "Days that can be read in two orders stay text until one is stated.",
    "mixed_types": "Numbers, but for some values of text.",
    "placeholder_values": "Some values often stand for a missing one.",
    "leading_zeros_lost": "These look like codes read as numbers: leading zeros may be lost.",
    "encoding_doubted": "Words of no language: state the encoding, which is a guess.",
    "mojibake": "Text decoded in a wrong encoding: `--repair` reads what was meant.",
    "html_entities": "HTML entities: `--repair` reads what was meant.",
    "personal_data": "Values like e-mail addresses or phone numbers: may they be published?",
    "infinite": "Some values are infinite or out of range, left out of the statistics.",
    "all_null": "Every value is missing.",
    "mostly_missing": "At least half of the values are missing.",
    "constant": "Every row has the same value.",
    "imbalanced": "One value makes up nearly all of it.",
    "skewed": "A long tail of values: the mean misleads.",
    "zeros": "At least half of the values are 0.",
    "high_cardinality": "Too many different values to colour or compare by.",
    "unique": "Every value is different: each may be an identifier.",
    "high_correlation": "Moves with another column: one may say it all.",
}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One thing to look at, in some columns; in none of them: in the table."""

    code: str
    columns: tuple[str, ...]
    message: str

    @property
    def names(self) -> str:
        """The columns, of many the first."""
        shown = ", ".join(self.columns[:NAMED])
        more = len(self.columns) - NAMED
        return f"{shown} and {more:,} more" if more > 0 else shown

    @property
    def text(self) -> str:
        return f"{self.names}: {self.message}" if self.columns else self.message

    @property
    def needs_a_person(self) -> bool:
        """Whether nothing is published before somebody has looked."""
        return self.code in NEEDS_A_PERSON


def alert_lines(profile: Mapping[str, Any]) -> list[AlertLine]:
    """The alerts of a table's profile: a line each, and one for many columns with the same."""
    alerts = by_harm(profile.get("alerts", ()))
    return [
        line
        for code, of_code in groupby(alerts, lambda alert: str(alert["code"]))
        for line in _lines(code, list(of_code))
    ]


def shown_and_more(lines: Sequence[AlertLine]) -> tuple[Sequence[AlertLine], Sequence[AlertLine]]:
    """The lines to show at once, and those behind "more"."""
    return lines[:SHOWN], lines[SHOWN:]


def _lines(code: str, alerts: Sequence[Mapping[str, Any]]) -> Iterable[AlertLine]:
    in_columns = [alert for alert in alerts if alert["column"] is not None]
    names = tuple(dict.fromkeys(str(alert["column"]) for alert in in_columns))
    is_grouped = code in IN_COMMON and len(names) > SINGLE
    for alert in alerts:
        if alert["column"] is None:
            yield AlertLine(code, (), alert["message"])
        elif not is_grouped:
            yield AlertLine(code, (str(alert["column"]),), alert["message"])
    if is_grouped:
        yield AlertLine(code, names, IN_COMMON[code])
