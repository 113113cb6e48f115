"""Tables as DataFrames of pandas: the same ones from Parquet and from CSV."""

from collections.abc import Mapping
from datetime import time
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy
import pandas

# Parquet where something reads it.
FORMATS = ("parquet", "csv") if find_spec("pyarrow") else ("csv",)
MOMENT = "datetime64[us]"
MICROSECONDS = len("2026-11-23T09:00:00.000000")


def read(path: Path, format_: str, types: Mapping[str, str]) -> pandas.DataFrame:
    """The file at ``path``, whose columns are of the ``types`` of Table Schema."""
    return _parquet(path, types) if format_ == "parquet" else _csv(path, types)


def _parquet(path: Path, types: Mapping[str, str]) -> pandas.DataFrame:
    arrow: Any = import_module("pyarrow")
    parquet: Any = import_module("pyarrow.parquet")
    nullable = {
        arrow.bool_(): pandas.BooleanDtype(),
        **{kind: pandas.Int64Dtype() for kind in _integers(arrow)},
    }
    with parquet.ParquetFile(path) as file:
        frame: pandas.DataFrame = file.read().to_pandas(
            types_mapper=nullable.get, date_as_object=False
        )
    return _with(frame, types, _from_parquet)


def _integers(arrow: Any) -> list[Any]:
    signed = [arrow.int8(), arrow.int16(), arrow.int32(), arrow.int64()]
    return [*signed, arrow.uint8(), arrow.uint16(), arrow.uint32()]


def _csv(path: Path, types: Mapping[str, str]) -> pandas.DataFrame:
    # Namibia is no missing value, and a missing value alone on its line is a row.
    text = pandas.read_csv(
        path,
        dtype=str,
        keep_default_na=False,
        na_values=[""],
        skip_blank_lines=False,
        encoding="utf-8",
    )
    return _with(text, types, _from_text)


def _with(frame: pandas.DataFrame, types: Mapping[str, str], convert: Any) -> pandas.DataFrame:
    """``frame`` with each column as ``convert`` makes it of its type."""
    columns = {name: convert(frame[name], types.get(name, "string")) for name in frame.columns}
    return pandas.DataFrame(columns, index=frame.index)


def _from_parquet(column: "pandas.Series[Any]", type_: str) -> "pandas.Series[Any]":
    match type_:
        case "integer":
            if pandas.api.types.is_integer_dtype(column.dtype):
                return _plain(column)
            return _whole(column)
        case "boolean":
            return _plain(column)
        case "date" | "datetime":
            zone = ", UTC" if getattr(column.dtype, "tz", None) else ""
            return column.astype(f"datetime64[us{zone}]")  # type: ignore[call-overload,no-any-return]
    return column


def _from_text(column: "pandas.Series[Any]", type_: str) -> "pandas.Series[Any]":
    match type_:
        case "integer":
            return _whole(column)
        case "boolean":
            truth = column.map({"true": True, "false": False})
            return _plain(truth.astype("boolean"))
        case "number":
            values = numpy.asarray(column.fillna("nan"), dtype=object).astype(float)
            return pandas.Series(values, index=column.index)
        case "date" | "datetime":
            return _moments(column)
        case "time":
            clock = column.map(time.fromisoformat, na_action="ignore").astype(object)
            return clock.where(clock.notna(), None)
    return column


def _whole(column: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """Integers from texts or decimals: in 64 bits where they fit, else as Python has them."""
    values = [None if pandas.isna(value) else int(value) for value in column]
    try:
        return _plain(pandas.Series(values, index=column.index, dtype="Int64"))
    except OverflowError:
        return pandas.Series(values, index=column.index, dtype=object)


def _plain(column: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """A nullable column without missing values as one that cannot have any."""
    if column.hasnans or column.isna().any():
        return column
    return column.astype("bool" if column.dtype == "boolean" else "int64")


def _moments(column: "pandas.Series[Any]") -> "pandas.Series[Any]":
    """Dates and datetimes, in UTC where they end in Z. Not by to_datetime, which reads the
    first one and takes the others for alike."""
    text = column.astype(object)
    zoned = bool(column.str.endswith("Z").fillna(value=False).any())
    bare = text.map(lambda moment: moment.removesuffix("Z")[:MICROSECONDS], na_action="ignore")
    values = numpy.asarray(bare.fillna("NaT"), dtype=object).astype(MOMENT)
    moments = pandas.Series(values, index=column.index)
    return moments.dt.tz_localize("UTC") if zoned else moments
