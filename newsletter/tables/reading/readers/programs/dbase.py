"""DBF, the tables of dBASE and of shapefiles."""

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import shapefile

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.grid import values_of
from newsletter.tables.reading.staging import Reading, check_width, unique_names

# The byte of the header that tells the code page.
CODE_PAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x57: "cp1252", 0x58: "cp1252", 0x59: "cp1252",
    0x13: "cp932", 0x4D: "cp936", 0x4E: "cp949", 0x4F: "cp950", 0x64: "cp852", 0x65: "cp866",
    0xC8: "cp1250", 0xC9: "cp1251", 0xCA: "cp1254", 0xCB: "cp1253", 0xCC: "cp1257",
}  # fmt: skip
CODE_PAGE_AT = 29
WRONG_ENCODING = "The DBF file does not read as {}: state its encoding."
DAMAGED = "The DBF file is damaged: export it again."


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    encoding = options["encoding"] or encoding_of(path)
    with (
        reading(encoding),
        path.open("rb") as file,
        shapefile.Reader(dbf=file, encoding=encoding) as table,
    ):
        names = names_of(table)
        notes: list[str] = []
        check_width(len(names))
        rows = enumerate((cells_of(record) for record in table.iterRecords()), start=1)
        named = unique_names(names, notes)
        return values_of(connection, rows, named, notes, folder, options, has_footnotes=False)


@contextmanager
def reading(encoding: str) -> Iterator[None]:
    """What a damaged file is stumbled over by, as UnreadableTable."""
    try:
        yield
    except UnicodeError as error:
        raise UnreadableTable(WRONG_ENCODING.format(encoding)) from error
    except LookupError as error:
        raise UnreadableTable(f"There is no encoding called {encoding!r}: try utf-8.") from error
    except (shapefile.ShapefileException, struct.error, ValueError, TypeError, EOFError) as error:
        if isinstance(error, UnreadableTable):
            raise
        if "decode" in str(error):
            raise UnreadableTable(WRONG_ENCODING.format(encoding)) from error
        raise UnreadableTable(DAMAGED) from error


def encoding_of(dbf: Path) -> str:
    """The encoding that the table's header names, or UTF-8 where it reads so."""
    raw = dbf.read_bytes()
    if len(raw) > CODE_PAGE_AT and raw[CODE_PAGE_AT] in CODE_PAGES:
        return CODE_PAGES[raw[CODE_PAGE_AT]]
    header = int.from_bytes(raw[8:10], "little")
    try:
        raw[header:].decode("utf-8")
    except UnicodeError:
        return "cp1252"
    return "utf-8"


def names_of(table: shapefile.Reader) -> list[str]:
    return [field.name for field in table.fields if field.name != "DeletionFlag"]


def cells_of(record: Any) -> list[Any]:
    return [_plain(value) for value in record]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, bytes):
        return value.decode("latin-1").strip() or None
    return value if isinstance(value, bool | int | float | date | None) else str(value)
