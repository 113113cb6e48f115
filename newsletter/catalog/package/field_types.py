"""The kinds of value that a dataset.yaml holds: each with its rule and its sentence."""

import re
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

NO_CHART = "none"  # as a person writes it; kept as an empty specification
TITLE_AT_MOST = 80
SUMMARY_AT_MOST = 80  # characters
UNSAID = Field(exclude_if=lambda value: not value)  # not written where nothing is said

ColumnType = Literal["string", "integer", "number", "boolean", "date", "datetime", "time"]


def _matching(pattern: str, sentence: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", value):
        raise ValueError("must be a web address that begins with https:// or http://")
    return value


def _inside(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or "\\" in value or "\0" in value:
        raise ValueError("must be a path inside the dataset's folder, such as data/table.csv")
    return str(path)


def _as_text(value: object) -> object:
    """The text of what YAML reads as a number or a date: a year, -999, 2013-05-01."""
    is_plain = isinstance(value, int | float | date) and not isinstance(value, bool)
    return str(value) if is_plain else value


def _chart(written: object) -> object:
    return {} if written == NO_CHART else written


Chart = Annotated[dict[str, Any] | None, BeforeValidator(_chart)]
ONE_LINE = _matching(r"[^\r\n\0]+", "must be one line")
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000), ONE_LINE
]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
WebAddress = Annotated[
    str, StringConstraints(max_length=2000, strip_whitespace=True), AfterValidator(_web_address)
]
InnerPath = Annotated[str, StringConstraints(min_length=1, max_length=250), AfterValidator(_inside)]
Semver = Annotated[str, _matching(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", "must be like 1.0.0")]
Keyword = Annotated[Line, _matching(r"[^A-Z]+", "must be lower case")]
TableName = Annotated[
    str,
    StringConstraints(max_length=100),
    _matching(r"[-a-z0-9._]+", "only lower-case letters, digits, and the signs - . _"),
    # It would stand at the address of the version's own description.
    _matching(r"(?!datapackage$).*", "datapackage is taken by the description: name it otherwise"),
]
ColumnName = Annotated[
    str, StringConstraints(min_length=1, max_length=255), BeforeValidator(_as_text)
]
Cell = Annotated[str, BeforeValidator(_as_text)]
_DAY = r"\d{4}(-\d{2}(-\d{2})?)?"
Temporal = Annotated[
    str,
    BeforeValidator(_as_text),
    _matching(rf"{_DAY}(/({_DAY}|\.\.))?", "must be a year, a date, or a span like 2007/2009"),
]
# Some are hard to type, so they have names.
Delimiter = Annotated[
    str,
    BeforeValidator(lambda value: {"tab": "\t", "\\t": "\t", "space": " "}.get(value, value)),
    _matching(r'[^"\r\n\0]', "must be one character, tab or space"),
]
Sha256 = Annotated[str, _matching(r"[0-9a-f]{64}", "must be 64 digits of 0-9 a-f")]
Language = Annotated[
    str, _matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "must be a language tag such as en")
]
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_AT_MOST), ONE_LINE
]
Summary = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=20, max_length=SUMMARY_AT_MOST),
    ONE_LINE,
]
Description = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=50, max_length=5000)
]


def _refuse_images(written: object) -> tuple[()]:
    if written:
        raise ValueError("no picture is shown of a dataset but its chart: remove them")
    return ()


# Was a field once. What was hashed before hashes the same.
NoImages = Annotated[tuple[()], BeforeValidator(_refuse_images)]
