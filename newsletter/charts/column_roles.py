"""What each column of a table is for, read from its name and its profile."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ColumnProfile = Mapping[str, Any]

COLOURS = 5  # as many as the palette has
FEWEST_YEARS = 5
YEARS = 1000, 2100
LONGEST_NAME = 60
MANY = 10  # a measure has more different values, or more than half as many as rows
FEW_ROWS = 50  # in which numbers in a row may be sizes as well
TELLING = 0.5  # of the rows, at least, have a value
FAR = 20  # degrees, at least, of one of many places
YEAR_WORDS = frozenset({"year", "yr", "season", "cycle", "decade", "jahr", "annee", "ano"})
LATITUDE_WORDS = frozenset({"lat", "latitude"})
LONGITUDE_WORDS = frozenset({"lon", "lng", "long", "longitude"})
# Numbers that name or place a row rather than measure something, by the last word of the name.
NAMING = frozenset(
    {"id", "ids", "identifier", "code", "zip", "zipcode", "postcode", "postal", "plz", "fips"}
    | {"isbn", "ean", "gtin", "index", "idx", "rank", "row", "rownum", "key", "number", "no", "nr"}
    | {"num", "serial", "phone", "tel", "quarter", "month", "mon", "week", "day", "dow", "hour"}
    | {"minute", "second", "wday", "yday", "version"}
)
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[^\W_]")
URL = re.compile(r"https?://", re.IGNORECASE)
# Vega cannot name such a field, however it is escaped.
UNSPEAKABLE = re.compile(r"[\\\"]")
UNIT = re.compile(r"[_ ](mm|cm|m|km|g|kg|t|ms|s|min|h|c|f|usd|eur|gbp|pct)$", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what a chart can do with them, in the table's order."""

    rows: int
    time: ColumnProfile | None
    place: tuple[ColumnProfile, ColumnProfile] | None  # longitude, latitude
    numbers: Sequence[ColumnProfile]
    categories: Sequence[ColumnProfile]
    names: ColumnProfile | None  # a short text that is different in every row

    @property
    def colour(self) -> ColumnProfile | None:
        """The first category with few enough values to tell apart by colour."""
        few = (column for column in self.categories if column["unique"] <= COLOURS)
        return next(few, None)


def roles(profile: Mapping[str, Any]) -> Roles:
    columns = [column for column in profile["columns"] if not UNSPEAKABLE.search(column["name"])]
    rows = profile["rows"]
    place = _place(columns, rows)
    measured = [
        column
        for column in columns
        if _is_measure(column, rows, MANY) and not (place and column in place)
    ] or [
        column for column in columns if column["kind"] == "float" and _is_measure(column, rows, 1)
    ]
    # What is missing nearly everywhere comes last.
    measured.sort(key=lambda column: column["statistics"]["nan_proportion"] > TELLING)
    return Roles(
        rows=rows,
        time=_first(columns, is_moment) or _first(columns, is_year),
        place=place,
        numbers=measured,
        categories=[column for column in columns if _is_category(column)],
        names=_first(columns, lambda column: _is_name(column, rows)),
    )


def is_moment(column: ColumnProfile) -> bool:
    return column["kind"] in {"date", "datetime"} and column["unique"] > 2


def is_year(column: ColumnProfile) -> bool:
    """Whether an integer column counts years, enough of them for a line."""
    return _counts_years(column) and column["unique"] >= FEWEST_YEARS


def label(column: ColumnProfile) -> str:
    """The column's name as an axis title: ``flipper_length_mm`` is "Flipper length (mm)"."""
    name, unit = column["name"], column.get("unit")
    for words, meaning in ((LATITUDE_WORDS, "Latitude"), (LONGITUDE_WORDS, "Longitude")):
        if column["kind"] in {"int", "float"} and last_word(name) in words:
            return meaning
    if unit_match := UNIT.search(name):
        name, unit = name[: unit_match.start()], unit or unit_match.group(1)
    text = " ".join(name.replace("_", " ").split()) or column["name"]
    text = text[0].upper() + text[1:]
    return f"{text} ({unit})" if unit else text


def last_word(name: str) -> str:
    """What a name ends in, in lower case: ``decimalLatitude`` is of "latitude"."""
    words = WORDS.findall(name)
    return words[-1].lower() if words else ""


def _place(
    columns: Sequence[ColumnProfile], rows: int
) -> tuple[ColumnProfile, ColumnProfile] | None:
    """Longitude and latitude, also where they are called X and Y and can be nothing else."""
    longitude = _first(columns, lambda column: _within(column, LONGITUDE_WORDS, 180))
    latitude = _first(columns, lambda column: _within(column, LATITUDE_WORDS, 90))
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


def _counts_years(column: ColumnProfile) -> bool:
    if column["kind"] != "int" or last_word(column["name"]) not in YEAR_WORDS:
        return False
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return low is not None and YEARS[0] <= low <= high <= YEARS[1]


def _is_measure(column: ColumnProfile, rows: int, least: int) -> bool:
    """Whether its numbers are more than ``least``, and neither name nor place nor count rows."""
    if column["kind"] not in {"int", "float"} or column["unique"] <= min(least, rows / 2):
        return False
    words = {*WORDS.findall(column["name"].lower()), last_word(column["name"])}
    is_naming = last_word(column["name"]) in NAMING or bool(words & {"id", "index"})
    return not is_naming and not _counts_years(column) and not _is_key(column, rows)


def _is_category(column: ColumnProfile) -> bool:
    """Whether some of its labels come again, and they are words rather than links."""
    if column["kind"] not in {"string_label", "bool"} or column["unique"] < 2:
        return False
    frequencies = column["statistics"]["frequencies"]
    return max(frequencies.values()) > 1 and not any(map(URL.match, map(str, frequencies)))


def _is_name(column: ColumnProfile, rows: int) -> bool:
    if column["unique"] != rows or column["kind"] not in {"string_text", "string_label"}:
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
