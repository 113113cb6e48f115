"""JSON: a document that holds objects (see ``json_shapes``), or one object a line (NDJSON).

What is nested in an object becomes columns with dotted names, to a depth.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.encodings import BYTE_ORDER_MARKS, ESCAPED, find_encoding
from newsletter.tables.reading.readers.geojson import flat_feature, is_feature
from newsletter.tables.reading.readers.json_shapes import NO_ROWS, Misfit, rows_of
from newsletter.tables.reading.staging import (
    MAX_COLUMNS,
    NULL,
    CellKinds,
    Reading,
    Staging,
    unfit,
    unique_names,
)

NOT_AN_OBJECT = "it is not an object"
BLANKS = re.compile(r"[ \t\r\n]*")
DEPTH = 3  # levels of objects that become columns; what is deeper stays JSON

KeyPath = tuple[str, ...]  # of keys, to a value
Row = dict[KeyPath, Any]


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
    notes: list[str] = []
    if options["kind"] == "ndjson":
        items = list(_lines(path, encoding))
    else:
        items = list(enumerate(_items(path, encoding, options["table"], notes), start=1))
    records = _records(items, notes)
    keys = dict.fromkeys(key for _, record in records if isinstance(record, dict) for key in record)
    if not keys:
        raise UnreadableTable(NO_ROWS)
    names = unique_names([".".join(key) for key in keys], notes)
    staging, kinds = Staging(folder, names, options), CellKinds()
    for place, record in records:
        if isinstance(record, str):
            staging.reject(place, record)
            continue
        cells = [_cell(record.get(key), key, kinds) for key in keys]
        if reason := next(filter(None, (unfit(c) for c in cells if c is not NULL)), None):
            staging.reject(place, reason)
        else:
            staging.keep_short(place, cells)
    staging.show(connection, options["missing_values"])
    return Reading(
        columns=[kinds.column(key, name) for key, name in zip(keys, names, strict=True)],
        rows_in=staging.rows_in,
        rejections=staging.rejections,
        encoding=encoding.removesuffix("-sig"),
        notes=notes,
    )


def _records(items: Sequence[tuple[int, Any]], notes: list[str]) -> list[tuple[int, Row | str]]:
    """Each item as a row of flat keys, or why it is none."""
    records = [(place, _record(item, DEPTH)) for place, item in items]
    keys = {key for _, record in records if isinstance(record, dict) for key in record}
    if len(keys) > MAX_COLUMNS:  # objects by ids rather than by names
        return [(place, _record(item, 1)) for place, item in items]
    if any(len(key) > 1 for key in keys):
        notes.append(
            "Objects in objects are columns with dotted names, such as"
            f" {'.'.join(min(key for key in keys if len(key) > 1))}."
        )
    return records


def _encoding(path: Path, stated: str | None) -> str:
    """UTF-8 (RFC 8259), unless another is stated or the file begins with its mark."""
    if stated is not None:
        return find_encoding(path, stated).name
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for mark, name in BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, Any]]:
    with path.open(encoding=encoding, errors="surrogateescape") as file:
        for number, line in enumerate(file, start=1):
            line = line.strip("\ufeff \t\r\n")
            if not line:
                continue
            if not line.isascii() and ESCAPED.search(line):
                name = encoding.removesuffix("-sig")
                yield number, Misfit(f"it holds bytes that are not {name}")
                continue
            try:
                yield number, DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                yield number, Misfit(f"it is not JSON: {_reason(error)}")


def _items(path: Path, encoding: str, wanted: str | None, notes: list[str]) -> list[Any]:
    try:
        documents = list(_documents(path.read_text(encoding).lstrip("\ufeff")))
    except (ValueError, RecursionError) as error:
        raise UnreadableTable(f"The file is not JSON: {_reason(error)}; write it again.") from error
    if len(documents) == 1:
        return rows_of(documents[0], wanted, notes)
    notes.append(f"The file holds {len(documents):,} documents, one after the other.")
    arrays = all(isinstance(document, list) for document in documents)
    return [item for array in documents for item in array] if arrays else documents


def _blanks_end(text: str, at: int) -> int:
    blanks = BLANKS.match(text, at)
    return blanks.end() if blanks else at


def _documents(text: str) -> Iterator[Any]:
    """The document, or each of those that stand one after the other."""
    at = _blanks_end(text, 0)
    while not at or at < len(text):
        document, at = DECODER.raw_decode(text, at)
        yield document
        at = _blanks_end(text, at)


def _record(item: Any, depth: int) -> Row | str:
    if isinstance(item, Misfit):
        return item
    try:
        if is_feature(item):
            item = flat_feature(item)
        if not isinstance(item, dict):
            return NOT_AN_OBJECT
        return dict(_flat(item, (), depth))
    except ValueError as error:
        return str(error)
    except RecursionError:
        return "it is nested too deeply"


def _flat(record: Mapping[str, Any], above: KeyPath, depth: int) -> Iterator[tuple[KeyPath, Any]]:
    """The values of an object and of those in it. Raises ValueError if one has a key twice."""
    if isinstance(record, _Repeats):
        raise ValueError("it has a key twice")
    for key, value in record.items():
        path = (*above, key)
        if isinstance(value, dict) and value and len(path) < depth:
            yield from _flat(value, path, depth)
        else:
            yield path, value


def _cell(value: Any, key: KeyPath, kinds: CellKinds) -> str:
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
