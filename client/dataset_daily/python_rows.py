"""Tables as rows of plain Python, for where there is no library of DataFrames."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

FORMATS = ("csv",)
LONGEST_CELL = 2**31 - 1  # the most that csv accepts on every platform
CONVERTERS: Mapping[str, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": lambda text: text == "true",
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "array": json.loads,
}


def read(path: Path, format_: str, types: Mapping[str, str]) -> list[dict[str, Any]]:
    """The CSV file at ``path``, a dict for each row. A missing value is None; what Python has
    no value for, such as a day after the year 9999, stays text."""
    with path.open(encoding="utf-8", newline="") as file, _long_cells():
        lines = csv.reader(file, strict=True)
        names = next(lines)
        converters = [CONVERTERS.get(types.get(name, "string"), str) for name in names]
        return [
            {
                name: _value(text, convert)
                # A missing value alone on its line is a row.
                for name, text, convert in zip(names, line or [""], converters, strict=True)
            }
            for line in lines
        ]


def _value(text: str, convert: Callable[[str], Any]) -> Any:
    if not text:
        return None
    try:
        return convert(text)
    except ValueError:
        return text


@contextmanager
def _long_cells() -> Iterator[None]:
    """Cells may be of any length; the limit of csv, which is the whole program's, is put back."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)
