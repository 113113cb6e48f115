"""JSON: an array of objects, or one object a line (NDJSON)."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.encodings import BYTE_ORDER_MARKS, ESCAPED, find_encoding
from newsletter.tables.reading.staging import (
    NULL,
    CellKinds,
    Reading,
    Staging,
    unfit,
    unique_names,
)

NOT_AN_OBJECT = "it is not an object"


class _Number(float):
    """A number that remembers its spelling, so that no digit is lost."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "_Number":
        number = cls(text)
        number.text = text
        return number


class _Repeats(dict[str, Any]):
    """An object that has a key twice, so that a value would be lost."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Repeats(made)


# One for all: making a decoder takes longer than a line.
DECODER = json.JSONDecoder(parse_float=_Number.parse, object_pairs_hook=_object)


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable.

    A rejected row's line is its place in the array, or its line in NDJSON.
    """
    encoding = _encoding(path, options["encoding"])
    is_lines = options["kind"] == "ndjson"
    records = list(_lines(path, encoding) if is_lines else _items(path, encoding))
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
            continue
        cells = [_cell(record.get(key), key, kinds) for key in keys]
        if reason := next(filter(None, (unfit(c) for c in cells if c is not NULL)), None):
            staging.rejections.add(place, reason)
        else:
            staging.keep(cells)
    staging.show(connection, options["missing_values"])
    return Reading(
        columns=[kinds.column(key, name) for key, name in zip(keys, names, strict=True)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        encoding=encoding.removesuffix("-sig"),
        notes=notes,
    )


def _encoding(path: Path, stated: str | None) -> str:
    """UTF-8 (RFC 8259), unless another is stated or the file begins with its mark."""
    if stated is not None:
        return find_encoding(path, stated).name
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    with path.open(encoding=encoding, errors="surrogateescape") as file:
        for number, line in enumerate(file, start=1):
            line = line.strip("\ufeff \t\r\n")
            if not line:
                continue
            if not line.isascii() and ESCAPED.search(line):
                yield number, f"it holds bytes that are not {encoding.removesuffix('-sig')}"
                continue
            try:
                yield number, _record(DECODER.decode(line))
            except (ValueError, RecursionError) as error:
                yield number, f"it is not JSON: {_reason(error)}"


def _items(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    try:
        loaded = DECODER.decode(path.read_text(encoding).lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UnreadableTable(f"The file is not JSON: {_reason(error)}; write it again.") from error
    if isinstance(loaded, dict):
        lists = [value for value in loaded.values() if isinstance(value, list)]
        loaded = lists[0] if len(lists) == 1 else [loaded]
    if not isinstance(loaded, list):
        raise UnreadableTable("The file holds no rows: give an array of objects.")
    for place, item in enumerate(loaded, start=1):
        yield place, _record(item)


def _record(item: Any) -> dict[str, Any] | str:
    if not isinstance(item, dict):
        return NOT_AN_OBJECT
    if isinstance(item, _Repeats):
        return "it has a key twice"
    return item


def _cell(value: Any, key: str, kinds: CellKinds) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        kinds.see(key, "boolean")
        return "true" if value else "false"
    if isinstance(value, int | float):
        kinds.see(key, "number")
        return value.text.lower() if isinstance(value, _Number) else str(value)
    kinds.see(key, "text" if isinstance(value, str) else "other")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"line {error.lineno}, column {error.colno}: {error.msg}"
        case UnicodeError():
            return "it is not UTF-8, so state its encoding"
        case RecursionError():
            return "it is nested too deeply"
    return "it holds a number of more than 4,300 digits"
