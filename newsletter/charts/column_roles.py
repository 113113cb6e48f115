"""What each column of a table is for, read from its name and its profile."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ColumnProfile = Mapping[str, Any]

COLOURS = 5  # as many as the palette has
FEWEST_YEARS = 8
LONGEST_NAME = 60
YEAR_NAME = re.compile(r"(^|_)(year|yr)$", re.IGNORECASE)
LATITUDE_NAME = re.compile(r"(^|_)lat(itude)?$", re.IGNORECASE)
LONGITUDE_NAME = re.compile(r"(^|_)(lon|lng|long|longitude)$", re.IGNORECASE)
# Numbers that name or place a row rather than measure something.
NAMING = re.compile(
    r"(^|_)(id|code|zip|index|rank|row|year|yr|quarter|month|week|day|hour|minute|second)$",
    re.IGNORECASE,
)
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
    longitude = _first(columns, lambda column: _within(column, LONGITUDE_NAME, 180))
    latitude = _first(columns, lambda column: _within(column, LATITUDE_NAME, 90))
    place = (longitude, latitude) if longitude and latitude else None
    measured = [
        column
        for column in columns
        if column["kind"] in {"int", "float"}
        and column["unique"] > 1
        and not NAMING.search(column["name"])
        and not (place and column in place)
    ]
    # A count can be different in every row; a column of ids is nothing to look at.
    telling = [column for column in measured if not _is_key(column, profile["rows"])]
    return Roles(
        rows=profile["rows"],
        time=_first(columns, is_moment) or _first(columns, is_year),
        place=place,
        numbers=telling or measured,
        categories=[
            column
            for column in columns
            if column["kind"] in {"string_label", "bool"} and column["unique"] > 1
        ],
        names=_first(columns, lambda column: _is_name(column, profile["rows"])),
    )


def is_moment(column: ColumnProfile) -> bool:
    return column["kind"] in {"date", "datetime"} and column["unique"] > 2


def is_year(column: ColumnProfile) -> bool:
    """Whether an integer column counts years, enough of them for a line."""
    if column["kind"] != "int" or not YEAR_NAME.search(column["name"]):
        return False
    statistics = column["statistics"]
    in_range = statistics["min"] is not None and 0 < statistics["min"] <= statistics["max"] < 3000
    return in_range and column["unique"] >= FEWEST_YEARS


def label(column: ColumnProfile) -> str:
    """The column's name as an axis title: ``flipper_length_mm`` is "Flipper length (mm)"."""
    name, unit = column["name"], column.get("unit")
    for pattern, meaning in ((LATITUDE_NAME, "Latitude"), (LONGITUDE_NAME, "Longitude")):
        if column["kind"] in {"int", "float"} and pattern.search(name):
            return meaning
    if unit_match := UNIT.search(name):
        name, unit = name[: unit_match.start()], unit or unit_match.group(1)
    words = " ".join(name.replace("_", " ").split()) or column["name"]
    words = words[0].upper() + words[1:]
    return f"{words} ({unit})" if unit else words


def _within(column: ColumnProfile, name: re.Pattern[str], limit: int) -> bool:
    if column["kind"] not in {"int", "float"} or not name.search(column["name"]):
        return False
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return low is not None and -limit <= low <= high <= limit


def _is_name(column: ColumnProfile, rows: int) -> bool:
    if column["unique"] != rows or column["kind"] not in {"string_text", "string_label"}:
        return False
    labels = column["statistics"].get("frequencies")
    longest = max(map(len, labels)) if labels else column["statistics"]["max"]
    return bool(longest <= LONGEST_NAME)


def _is_key(column: ColumnProfile, rows: int) -> bool:
    """Whether its integers run through a range without a gap, as ids do."""
    statistics = column["statistics"]
    return bool(
        column["kind"] == "int"
        and column["unique"] == rows
        and statistics["max"] - statistics["min"] + 1 == rows
    )


def _first(columns: Sequence[ColumnProfile], fits: Any) -> ColumnProfile | None:
    return next((column for column in columns if fits(column)), None)
