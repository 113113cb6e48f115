"""What each column of a table is for, read from its name and its profile."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newsletter.charts.labels import (
    LATITUDE_WORDS,
    LONGITUDE_WORDS,
    WORDS,
    is_year_name,
    last_word,
)

ColumnProfile = Mapping[str, Any]

COLOURS = 5  # as many as the palette has
LEGEND_LETTERS = 80  # fit into a line above a chart, with five more for each mark
FEWEST_YEARS = 5
YEARS = 1000, 2100
LONGEST_NAME = 40
MANY = 10  # a measure has more different values, or more than half as many as rows
FEW_ROWS = 50  # in which numbers in a row may be sizes as well
TELLING = 0.5  # of the rows, at least, have a value
FAR = 20  # degrees, at least, of one of many places
FEWEST_MONTHS = 6
LAST_MINUTE, LATE = 2400, 2300  # of a day, where a clock is written as 517 or 2359
YEAR_WORDS = frozenset({"year", "yr", "season", "cycle", "decade", "jahr", "annee", "ano"})
# What is a year as well, where its numbers are.
MOMENT_WORDS = YEAR_WORDS | frozenset(
    {"start", "end", "begin", "from", "to", "until", "since", "born", "died", "birth", "death"}
    | {"founded", "built", "opened", "closed", "established", "discovered"}
)
CLOCK_WORDS = frozenset({"time", "clock", "hhmm", "uhrzeit", "heure", "hora"})
CLOCK_ENDS = frozenset(
    {"dep", "arr", "departure", "arrival", "start", "end", "open", "close", "sched", "scheduled"}
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
# What names a row by a code rather than measures it, by the last word of the column's name.
CODES = frozenset(
    {"id", "ids", "identifier", "identification", "code", "zip", "zipcode", "postcode", "postal"}
    | {"plz", "fips", "isbn", "ean", "gtin", "index", "idx", "key", "serial", "phone", "tel"}
    | {"iata", "icao", "faa"}
)
# Whole numbers that name or place a row, too: a sunspot number of 190.2 is a measure.
NAMING = CODES | frozenset(
    {"rank", "row", "rownum", "number", "no", "nr", "num", "version", "quarter", "month", "mon"}
    | {"week", "day", "dow", "hour", "minute", "second", "wday", "yday", "site", "station"}
    | {"center", "centre", "inst", "institution", "district", "ward", "zone", "region", "county"}
    | {"state", "cluster", "strata", "stratum", "group", "batch", "route", "class", "level"}
)
SINGLE_LETTERS = frozenset({"x", "y", "z"})  # which say nothing
# Texts that are different in every row and yet no names of things.
NO_NAMES = CODES | CLOCK_WORDS | {"date", "duration", "term", "url", "link", "email", "address"}
# The name that a column gets where its file has none, or that says as little.
UNNAMED = re.compile(
    r"(column|col|unnamed|field|var)[ _:.]*\d+|v\d+|\.{3}\d+|[-+.,\d\s]+", re.IGNORECASE
)
SAYING_LITTLE = frozenset({"zeros", "mostly_missing"})  # alerts
URL = re.compile(r"https?://", re.IGNORECASE)
# Vega cannot name such a field, however it is escaped.
UNSPEAKABLE = re.compile(r"[\\\"]")


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what a chart can do with them, in the table's order."""

    rows: int
    time: ColumnProfile | None
    place: tuple[ColumnProfile, ColumnProfile] | None  # longitude, latitude
    numbers: Sequence[ColumnProfile]
    months: Sequence[ColumnProfile]  # of a wide table: a measure, in each month of a year
    categories: Sequence[ColumnProfile]
    names: ColumnProfile | None  # a short text that is different in every row
    are_things: bool  # rows with a text of their own, rather than moments of one measurement

    @property
    def colour(self) -> ColumnProfile | None:
        """The first category with few enough values to tell apart by colour, and to name."""
        return _first(self.categories, _is_colour)


def roles(profile: Mapping[str, Any]) -> Roles:
    speakable = [c for c in profile["columns"] if not UNSPEAKABLE.search(c["name"])]
    rows = profile["rows"]
    columns = _without_earlier_years([c for c in speakable if _is_named(c)])
    place = _place(columns, rows)
    measured = [c for c in columns if _is_measure(c, rows) and not (place and c in place)]
    months = [column for column in measured if last_word(column["name"])[:3] in MONTHS]
    if len(months) < FEWEST_MONTHS:
        months = []
    # What is missing or zero nearly everywhere comes last.
    measured.sort(key=lambda column: any(a["code"] in SAYING_LITTLE for a in column["alerts"]))
    texts = [column for column in speakable if column["kind"].startswith("string")]
    return Roles(
        rows=rows,
        time=_first(columns, is_moment) or _most_different(filter(is_year, columns)),
        place=place,
        numbers=[column for column in measured if column not in months],
        months=months,
        categories=[column for column in columns if _is_category(column)],
        names=_first(texts, lambda column: _is_name(column, rows)),
        are_things=any(column["unique"] > TELLING * rows for column in texts),
    )


def is_moment(column: ColumnProfile) -> bool:
    is_told = column["nan_proportion"] < TELLING
    return column["kind"] in {"date", "datetime"} and column["unique"] > 2 and is_told


def is_year(column: ColumnProfile) -> bool:
    """Whether a column of numbers counts years, enough of them for a line."""
    words = YEAR_WORDS if column["kind"] == "int" else YEAR_WORDS | CLOCK_WORDS
    return _is_within_years(column, words) and column["unique"] >= FEWEST_YEARS


def unevenness(time: ColumnProfile, rows: int) -> float:
    """How moments lie: 0 one after the other in equal steps, about 1 at random."""
    histogram: Sequence[int] = time["statistics"]["histogram"]["hist"]
    counts = [count * int(time["unique"]) / rows for count in histogram]
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 for count in counts) / len(counts) / mean


def _place(
    columns: Sequence[ColumnProfile], rows: int
) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Longitude and latitude, also where they are called X and Y and can be nothing else."""
    longitude = _first(columns, lambda column: _within(column, LONGITUDE_WORDS | {"cx"}, 180))
    latitude = _first(columns, lambda column: _within(column, LATITUDE_WORDS | {"cy"}, 90))
    if longitude and latitude:
        return longitude, latitude
    x = _first(columns, lambda column: _within(column, frozenset({"x"}), 180))
    y = _first(columns, lambda column: _within(column, frozenset({"y"}), 90))
    if not x or not y or min(x["unique"], y["unique"]) <= MANY:
        return None
    are_places = all(
        column["kind"] == "float" and column["unique"] * 2 > rows and _furthest(column) > FAR
        for column in (x, y)
    )
    return (x, y) if are_places else None


def _furthest(column: ColumnProfile) -> float:
    return float(max(abs(column["statistics"]["min"]), abs(column["statistics"]["max"])))


def _within(column: ColumnProfile, words: frozenset[str], limit: int) -> bool:
    if column["kind"] not in {"int", "float"} or last_word(column["name"]) not in words:
        return False
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return low is not None and -limit <= low <= high <= limit


def _is_named(column: ColumnProfile) -> bool:
    return is_year_name(column["name"]) or not UNNAMED.fullmatch(column["name"].strip())


def _without_earlier_years(columns: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    """The columns, and of a measure in many years the last."""
    years = [column for column in columns if is_year_name(column["name"])]
    known = [column for column in years if column["nan_proportion"] < TELLING]
    last = known[-1:]
    return [column for column in columns if column not in years or column in last]


def _is_within_years(column: ColumnProfile, words: frozenset[str]) -> bool:
    if column["kind"] not in {"int", "float"} or last_word(column["name"]) not in words:
        return False
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return low is not None and YEARS[0] <= low <= high <= YEARS[1]


def _is_measure(column: ColumnProfile, rows: int) -> bool:
    """Whether its numbers are many, and neither name nor place nor count rows, nor are times."""
    if column["kind"] not in {"int", "float"} or column["unique"] <= min(MANY, rows / 2):
        return False
    last = last_word(column["name"])
    words = {*WORDS.findall(column["name"].lower()), last}
    naming_words = NAMING if column["kind"] == "int" else CODES
    is_naming = last in naming_words | SINGLE_LETTERS or bool(words & {"id", "index"})
    is_place = last in LATITUDE_WORDS | LONGITUDE_WORDS
    is_time = (
        last in YEAR_WORDS
        or is_year(column)
        or _is_within_years(column, MOMENT_WORDS)
        or _is_clock(column, words)
    )
    return not (is_naming or is_place or is_time or _is_key(column, rows))


def _is_clock(column: ColumnProfile, words: set[str]) -> bool:
    """Whether 517 in it is 5:17."""
    if column["kind"] != "int" or last_word(column["name"]) not in CLOCK_WORDS:
        return False
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    is_whole_day = high >= LATE or bool(words & CLOCK_ENDS)
    return 0 <= low <= high <= LAST_MINUTE and is_whole_day


def _is_colour(column: ColumnProfile) -> bool:
    """Whether a legend of it says all that is drawn, in one line."""
    if column["unique"] > COLOURS or column["nan_count"]:
        return False
    labels = [column["name"], *column["statistics"]["frequencies"]]
    return sum(len(text) + 5 for text in labels) <= LEGEND_LETTERS


def _is_category(column: ColumnProfile) -> bool:
    """Whether some of its labels come again, and they are words rather than links."""
    if column["kind"] not in {"string_label", "bool"} or column["unique"] < 2:
        return False
    frequencies = column["statistics"]["frequencies"]
    are_words = not any(URL.match(text) or len(text) > LONGEST_NAME for text in frequencies)
    return max(frequencies.values()) > 1 and are_words


def _is_name(column: ColumnProfile, rows: int) -> bool:
    if column["unique"] != rows or last_word(column["name"]) in NO_NAMES:
        return False
    labels = column["statistics"].get("frequencies")
    if labels and any(map(URL.match, labels)):
        return False
    longest = max(map(len, labels)) if labels else column["statistics"]["max"]
    return bool(longest <= LONGEST_NAME)


def _is_key(column: ColumnProfile, rows: int) -> bool:
    """Whether its integers run through a range without a gap, as ids and row numbers do."""
    statistics = column["statistics"]
    return bool(
        column["kind"] == "int"
        and column["unique"] == rows
        and statistics["max"] - statistics["min"] + 1 == rows
        and (statistics["min"] in {0, 1} or rows >= FEW_ROWS)
    )


def _first(columns: Sequence[ColumnProfile], fits: Any) -> ColumnProfile | None:
    return next((column for column in columns if fits(column)), None)


def _most_different(columns: Iterable[ColumnProfile]) -> ColumnProfile | None:
    return max(columns, key=lambda column: int(column["unique"]), default=None)
