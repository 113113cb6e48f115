"""JSON: an array of objects, or one object a line (NDJSON)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from newsletter.catalog.staging import (
    NULL,
    CellKinds,
    Reading,
    SourceColumn,
    Staging,
    unique_names,
)
from newsletter.errors import UnreadableTable

NOT_AN_OBJECT = "it is not an object"


class _Number(float):
    """A number that remembers its spelling, so that no digit is lost."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "_Number":
        number = cls(text)
        number.text = text
        return number


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable.

    A rejected row's line is its place in the array, or its line in NDJSON.
    """
    records = list(_lines(path) if options["kind"] == "ndjson" else _items(path))
    keys = dict.fromkeys(key for _, record in records if isinstance(record, dict) for key in record)
    if not keys:
        raise UnreadableTable("The file holds no objects: give an array of objects.")
    notes: list[str] = []
    names = unique_names(list(keys), notes)
    staging, kinds = Staging(folder, len(names)), CellKinds()
    for place, record in records:
        staging.rows_in += 1
        if isinstance(record, str):
            staging.rejections.add(place, record)
        else:
            staging.keep([_cell(record.get(key), key, kinds) for key in keys])
    staging.load(connection, options["missing_values"])
    return Reading(
        columns=[
            SourceColumn(name, kinds.candidates(key)) for key, name in zip(keys, names, strict=True)
        ],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        encoding="utf-8",
        notes=notes,
    )


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield number, _record(_loads(line.strip()))
            except (ValueError, RecursionError) as error:
                yield number, f"it is not JSON: {_reason(error)}"


def _items(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        loaded = _loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise UnreadableTable(f"The file is not JSON: {_reason(error)}.") from error
    if isinstance(loaded, dict):
        lists = [value for value in loaded.values() if isinstance(value, list)]
        loaded = lists[0] if len(lists) == 1 else [loaded]
    if not isinstance(loaded, list):
        raise UnreadableTable("The file holds no rows: give an array of objects.")
    for place, item in enumerate(loaded, start=1):
        yield place, _record(item)


def _loads(raw: bytes) -> Any:
    return json.loads(raw.removeprefix(b"\xef\xbb\xbf"), parse_float=_Number.parse)


def _record(item: Any) -> dict[str, Any] | str:
    if not isinstance(item, dict):
        return NOT_AN_OBJECT
    return item


def _cell(value: Any, key: str, kinds: CellKinds) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        kinds.see(key, "boolean")
        return "true" if value else "false"
    if isinstance(value, int | float):
        kinds.see(key, "number")
        return value.text if isinstance(value, _Number) else str(value)
    kinds.see(key, "text")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"line {error.lineno}, column {error.colno}: {error.msg}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "a wrong character"
