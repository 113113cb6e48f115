"""Data frames of R, from ``saveRDS`` and ``save``."""

import warnings
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas
import rdata
from rdata.conversion import DEFAULT_CLASS_MAP

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.grid import values_of
from newsletter.tables.reading.staging import Reading, check_width, unique_names
from newsletter.tables.reading.table_choice import choose

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_FRAME = "The file holds no data frame: save one with saveRDS(as.data.frame(x), file)."
DAMAGED = "The file does not read as data of R: save it again with saveRDS."


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load a data frame of ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    frames = _frames(path, options["kind"])
    if not frames:
        raise UnreadableTable(NO_FRAME)
    frame = frames[choose(list(frames), options["table"], "The file")]
    names, columns = list(map(str, frame.columns)), [list(frame[name]) for name in frame.columns]
    if not _is_count(list(frame.index)):
        names, columns = ["", *names], [list(map(str, frame.index)), *columns]
    if not len(frame):
        raise UnreadableTable("The data frame has no rows: give one with data.")
    check_width(len(names))
    notes: list[str] = []
    rows = ([_plain(value) for value in row] for row in zip(*columns, strict=True))
    named = unique_names(names, notes)
    return values_of(
        connection, enumerate(rows, start=1), named, notes, folder, options, has_footnotes=False
    )


def _frames(path: Path, kind: str) -> dict[str, Any]:
    ours: dict[str | bytes, Any] = {"Date": _days, "POSIXct": _moments, "integer64": _whole}
    with warnings.catch_warnings(action="ignore"):  # of classes that are taken for their bases
        try:
            parsed = (rdata.read_rds if kind == "rds" else rdata.read_rda)(
                path, constructor_dict={**DEFAULT_CLASS_MAP, **ours}, default_encoding="utf-8"
            )
        except MemoryError:
            raise
        except Exception as error:  # of whatever a damaged file makes of its parser
            raise UnreadableTable(DAMAGED) from error
    values = {"data": parsed} if kind == "rds" else parsed
    return {name: value for name, value in values.items() if hasattr(value, "columns")}


def _objects(values: list[Any]) -> Any:
    return pandas.array(values, dtype=object)


def _days(values: Any, _attributes: Mapping[str, Any]) -> Any:
    return _objects([_after(EPOCH.date(), days=value) for value in values])


def _moments(values: Any, _attributes: Mapping[str, Any]) -> Any:
    return _objects([_after(EPOCH, microseconds=round(v * 1e6) if v == v else v) for v in values])


def _whole(values: Any, _attributes: Mapping[str, Any]) -> Any:
    whole = (int(value) for value in values.view("int64"))  # NA is the least of them
    return _objects([None if value == -(2**63) else value for value in whole])


def _after(start: Any, **parts: float) -> Any:
    """None for a value that is missing, or no day that can be written."""
    try:
        after = start + timedelta(**parts)
    except (OverflowError, ValueError):
        return None
    return after if isinstance(after, date) else None


def _is_count(index: list[Any]) -> bool:
    """Whether the rows are called by their numbers."""
    names = list(map(str, index))
    return any(names == list(map(str, range(first, first + len(names)))) for first in (0, 1))


def _plain(value: Any) -> Any:
    """A cell as a value of Python; None where R has NA."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or type(value).__name__ == "NAType" or value != value:
        return None
    known = (str, bool, int, float, date)
    return value if isinstance(value, known) else str(value)
