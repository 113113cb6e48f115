"""What a column is called for people: the titles of axes and legends, and the words of a reason."""

import re
from collections.abc import Mapping
from typing import Any

LATITUDE_WORDS = frozenset({"lat", "latitude"})
LONGITUDE_WORDS = frozenset({"lon", "lng", "long", "longitude"})
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|[^\W_]")
UNIT = re.compile(r"[_ ](mm|cm|m|km|g|kg|t|ms|s|min|h|c|f|usd|eur|gbp|pct)$", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z])")
YEAR_NAME = re.compile(r"1\d{3}|20\d{2}|2100")
# Without a vowel it is no word: mpg, sst.
ABBREVIATION = re.compile(r"[b-df-hj-np-tv-xz]{2,4}|(co|no|so)2|o3", re.IGNORECASE)


def label(column: Mapping[str, Any]) -> str:
    """The column's name as an axis title: ``flipper_length_mm`` is "Flipper length (mm)"."""
    name, unit = column["name"], column.get("unit")
    for words, meaning in ((LATITUDE_WORDS, "Latitude"), (LONGITUDE_WORDS, "Longitude")):
        if column["kind"] in {"int", "float"} and last_word(name) in words:
            return meaning
    if unit_match := UNIT.search(name):
        name, unit = name[: unit_match.start()], unit or unit_match.group(1)
    text = _in_words(name) or column["name"]
    return f"{text} ({unit})" if unit else text


def last_word(name: str) -> str:
    """What a name ends in, in lower case: ``decimalLatitude`` is of "latitude"."""
    words = WORDS.findall(name)
    return words[-1].lower() if words else ""


def is_year_name(name: str) -> bool:
    """Whether a column of a wide table is what its rows were in a year."""
    return YEAR_NAME.fullmatch(name.strip()) is not None


def lowered(words: str) -> str:
    """A label in the midst of a sentence: an abbreviation stays as it is."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _in_words(name: str) -> str:
    text = " ".join(name.replace("_", " ").split())
    if is_year_name(text):
        return f"In {text}"
    if ABBREVIATION.fullmatch(text) and text.islower():
        return text.upper()
    parts = HUMP.split(text)
    text = " ".join([*parts[:1], *(lowered(part) for part in parts[1:])])
    # A word such as pH begins small on purpose.
    return text if text[1:2].isupper() else text[:1].upper() + text[1:]
