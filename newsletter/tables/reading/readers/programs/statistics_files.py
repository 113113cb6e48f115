"""Files of Stata, SPSS and SAS: what their labels say becomes words and descriptions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy
import pyreadstat

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.grid import values_of
from newsletter.tables.reading.staging import Reading, check_width, unique_names

READERS = {
    "stata": "read_dta", "spss": "read_sav", "spss-portable": "read_por",
    "sas": "read_sas7bdat", "sas-transport": "read_xport",
}  # fmt: skip
MOST_DESCRIBED = 1000  # characters
SHOWN = 12  # values of a labelled column in its description
LONGEST = 60  # characters of each
START = 1960  # from which Stata counts periods
PERIODS: Mapping[str, Callable[[int], date]] = {  # by how a column's format begins
    "%tw": lambda n: date(START + n // 52, 1, 1) + timedelta(weeks=n % 52),
    "%tm": lambda n: date(START + n // 12, n % 12 + 1, 1),
    "%tq": lambda n: date(START + n // 4, n % 4 * 3 + 1, 1),
    "%th": lambda n: date(START + n // 2, n % 2 * 6 + 1, 1),
}

Labels = Mapping[Any, str]


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    data, meta = _parsed(path, options)
    check_width(len(meta.column_names))
    notes: list[str] = []
    names = unique_names(meta.column_names, notes)
    described: dict[str, str] = {}
    columns = []
    for own, name, label in zip(meta.column_names, names, meta.column_labels, strict=True):
        labels = meta.variable_value_labels.get(own)
        values = _values(data[own], own, meta)
        columns.append(_worded(values, labels or {}, name, notes))
        if description := _description(label, labels or {}):
            described[name] = description
    if not columns or not columns[0]:
        raise UnreadableTable("The file has columns but no rows: give one with data.")
    rows = enumerate(zip(*columns, strict=True), start=1)
    table = values_of(connection, rows, names, notes, folder, options, has_footnotes=False)
    return replace(table, descriptions=described)


def _parsed(path: Path, options: Mapping[str, Any]) -> tuple[Mapping[str, Sequence[Any]], Any]:
    parse = getattr(pyreadstat, READERS[options["kind"]])
    encoding = {"encoding": options["encoding"]} if options["encoding"] else {}
    try:
        data, meta = parse(str(path), output_format="dict", **encoding)
    except MemoryError:
        raise
    except Exception as error:  # of whatever a damaged file makes of its parser
        raise UnreadableTable(
            "The file does not read as one of Stata, SPSS or SAS: save it again, or as CSV."
        ) from error
    return data, meta


def _values(values: Sequence[Any], own: str, meta: Any) -> list[Any]:
    """The cells of a column: single-precision numbers as they are written shortest, and Stata's
    periods as their first days."""
    plain = [_plain(value) for value in values]
    if meta.readstat_variable_types.get(own) == "float":
        return [_plain(float(str(numpy.float32(v)))) if _is_number(v) else v for v in plain]
    begun = PERIODS.get(str(meta.original_variable_types.get(own))[:3])
    if begun is None or not all(value is None or isinstance(value, int) for value in plain):
        return plain
    try:
        return [None if value is None else begun(value) for value in plain]
    except (OverflowError, ValueError):
        return plain


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _worded(values: list[Any], labels: Labels, name: str, notes: list[str]) -> list[Any]:
    """``values`` with labels in place of codes, where each code has one."""
    codes = {value for value in values if value is not None}
    if not labels or not codes:
        return values
    known = {_plain(code): label for code, label in labels.items()}
    if not codes <= known.keys():
        return values  # of a number, such as an age, a few codes may be labelled
    if len({known[code] for code in codes}) < len(codes):
        notes.append(f"Codes of {name} share a label: they are kept, the labels are described.")
        return values
    notes.append(f"The codes of {name} are written as their labels.")
    return [None if value is None else known[value] for value in values]


def _description(label: str | None, labels: Labels) -> str:
    """What the file says of a column: its label, and those of its codes."""
    listed = [f"{_plain(code)} = {text[:LONGEST]}" for code, text in list(labels.items())[:SHOWN]]
    codes = ", ".join([*listed, "…"] if len(labels) > SHOWN else listed)
    text = (label or "").strip()
    whole = " ".join((f"{text} ({codes})" if text and codes else text or codes).split())
    return whole[:MOST_DESCRIBED]


def _plain(value: Any) -> Any:
    """A cell as a value of Python; None where it is missing."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value != value or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, str | bool | int | float | date | time) else str(value)
