"""Where the rows of a JSON document are: the ways in which programs write a table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.geojson import is_feature
from newsletter.tables.reading.table_choice import choose

# What holds the rows of a reply, in the order in which they are preferred; and what such
# stand in: CKAN's result, Elasticsearch's hits, OData's d.
ROWS = ("data", "results", "records", "items", "rows", "features", "value", "values", "hits",
        "observations", "entries")  # fmt: skip
HOLDERS = ("result", "results", "data", "hits", "response", "d", "_embedded", "dataset")
NAMES = ("columns", "fields", "headers", "header", "cols", "schema")
NAME_KEYS = ("name", "fieldName", "id", "field", "label", "title")
DEEPEST = 3  # holders
NO_ROWS = "The file holds no objects: give an array of objects."
ERROR_KEYS = {"status", "statusCode", "code", "documentation_url", "error_code", "traceId"}
LONGEST_MESSAGE = 80  # characters
MOST_SCALARS = 10  # in a list of a lone record

Items = Sequence[Any]
Record = Mapping[str, Any]


class Misfit(str):
    """Why something that stands among the rows is none."""

    __slots__ = ()


def rows_of(document: Any, wanted: str | None, notes: list[str]) -> list[Any]:
    """The rows in a document: objects, or whatever else stands among them.

    ``wanted`` chooses one of several lists. ``notes`` gains where they were, if that is worth a
    sentence. Raises UnreadableTable if there are none, SeveralTables if one is to be chosen.
    """
    if isinstance(document, list):
        return _of_list(document, notes)
    if not isinstance(document, dict):
        raise UnreadableTable(NO_ROWS)
    if document.get("type") == "Topology":
        raise UnreadableTable(
            "This is TopoJSON: convert it with `topo2geo`, and give the GeoJSON file."
        )
    return _of_object(document, wanted, notes, 1)


def named_rows(rows: Items, names: Sequence[str]) -> Iterator[Any]:
    """Arrays as objects; the reason for one that has more cells than there are ``names``."""
    for row in rows:
        if not isinstance(row, list):
            yield row
        elif len(row) > len(names):
            yield Misfit(f"it has {len(row):,} cells where there are {len(names):,} names")
        else:
            yield dict(zip(names, row, strict=False))


def _of_list(items: Items, notes: list[str]) -> list[Any]:
    lists = [item for item in items if isinstance(item, list)]
    if len(items) == 2 and len(lists) == 1 and _has_objects(lists[0]):
        return list(lists[0])  # the World Bank's: about the reply, then the reply
    if len(lists) * 2 <= len(items) or not any(lists):
        return list(items)
    first = lists[0]
    if all(isinstance(name, str) and name.strip() for name in first):
        return list(named_rows(items[1:], _different(first)))
    notes.append("No names were found: the columns are called column_1, column_2, ….")
    width = max(map(len, lists))
    return list(named_rows(items, [f"column_{place}" for place in range(1, width + 1)]))


def _of_object(document: Record, wanted: str | None, notes: list[str], depth: int) -> list[Any]:
    if is_feature(document):
        return [document]
    if (rows := _beside_names(document)) is not None:
        return rows
    tables = {key: value for key, value in document.items() if _has_objects(value)}
    if tables:
        return list(tables[_chosen(tables, wanted, notes)])
    if (rows := _columns(document) or _by_keys(document)) is not None:
        return rows
    for key in HOLDERS if depth < DEEPEST else ():
        if isinstance(inner := document.get(key), dict) and inner:
            rows = _of_object(inner, wanted, notes, depth + 1)
            if rows != [inner]:
                return rows
    if any(isinstance(value, list) and len(value) > MOST_SCALARS for value in document.values()):
        raise UnreadableTable(NO_ROWS)
    if depth == 1:
        _refuse_error(document)
    return [document]


def _refuse_error(document: Record) -> None:
    """Raises UnreadableTable for what a server says of a request that it refuses."""
    error = document.get("error") or document.get("errors")
    if not error and not ("message" in document and document.keys() & ERROR_KEYS):
        return
    message = error.get("message") if isinstance(error, dict) else error
    message = message if isinstance(message, str) else document.get("message")
    quoted = f" ({message[:LONGEST_MESSAGE]})" if isinstance(message, str) else ""
    raise UnreadableTable(
        f"This is an error that a server answered{quoted}, not a table: look at the address in a"
        " browser."
    )


def _chosen(tables: Mapping[str, Items], wanted: str | None, notes: list[str]) -> str:
    usual = [key for key in ROWS if key in tables]
    is_usual = wanted is None and bool(usual)
    key = usual[0] if is_usual else choose(list(tables), wanted, "The file")
    if others := [other for other in tables if other != key and wanted is None]:
        notes.append(f"The rows are those of {key}; {', '.join(others)} may be chosen instead.")
    return key


def _beside_names(document: Record) -> list[Any] | None:
    """Arrays with their names beside them: pandas' split, Socrata, and many more."""
    rows = next((document[key] for key in ROWS if _has_arrays(document.get(key))), None)
    if rows is None:
        return None
    view = document.get("meta")
    view = view.get("view") if isinstance(view, dict) else None
    names = next((n for where in (document, view) if (n := _names(where))), None)
    if names is None:
        return None
    index = document.get("index")
    if isinstance(index, list) and len(index) == len(rows) and index != list(range(len(rows))):
        names, rows = ["index", *names], [[at, *row] for at, row in zip(index, rows, strict=True)]
    return list(named_rows(rows, _different(names)))


def _names(holder: Any) -> list[str] | None:
    for key in NAMES if isinstance(holder, dict) else ():
        listed = holder.get(key)
        if isinstance(listed, dict):
            listed = listed.get("fields")
        if isinstance(listed, list) and listed:
            names = [_name(entry) for entry in listed]
            if all(name is not None for name in names):
                return [str(name) for name in names]
    return None


def _name(entry: Any) -> str | None:
    if isinstance(entry, dict):
        return next((entry[key] for key in NAME_KEYS if isinstance(entry.get(key), str)), None)
    if isinstance(entry, list):
        return " ".join(map(str, entry))  # of several levels
    return str(entry) if isinstance(entry, str | int) else None


def _columns(document: Record) -> list[Any] | None:
    """An object of columns: arrays of one length, or pandas' objects by the row's place."""
    columns = list(document.values())
    if all(isinstance(column, list) for column in columns):
        lengths = {len(column) for column in columns}
        if len(lengths) == 1 and lengths != {0}:
            return [dict(zip(document, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if all(isinstance(column, dict) and _are_places(column) for column in columns) and columns:
        places = dict.fromkeys(place for column in columns for place in column)
        return [{name: column.get(place) for name, column in document.items()} for place in places]
    return None


def _by_keys(document: Record) -> list[Any] | None:
    """An object of objects alike, each under its key."""
    records = list(document.values())
    if len(records) < 2 or not all(isinstance(record, dict) for record in records):
        return None
    if not set.intersection(*(set(record) for record in records)):
        return None
    if _are_places(document):
        return records
    return [{"key": key, **record} for key, record in document.items()]


def _are_places(column: Record) -> bool:
    return bool(column) and list(column) == [str(place) for place in range(len(column))]


def _has_objects(value: Any) -> bool:
    return isinstance(value, list) and sum(isinstance(item, dict) for item in value) * 2 > len(
        value
    )


def _has_arrays(value: Any) -> bool:
    return isinstance(value, list) and sum(isinstance(item, list) for item in value) * 2 > len(
        value
    )


def _different(names: Sequence[str]) -> list[str]:
    """``names`` as keys that differ: how they are called is decided later."""
    counts: dict[str, int] = {}
    keys = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        keys.append(name if counts[name] == 1 else f"{name}_{counts[name]}")
    return keys
