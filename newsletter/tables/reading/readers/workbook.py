"""A workbook (XLSX, XLSB, XLS, ODS): opening it, choosing a sheet, its cells with errors."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.table_choice import choose

CHUNK = 1024 * 1024
PROTECTED = "The spreadsheet has a password: save it without one."
DAMAGED = "The spreadsheet is damaged or locked: save it again."
LOCKED = "EncryptedPackage".encode("utf-16-le")  # what Office packs such a workbook into
ERROR_CELLS = {  # kind of workbook -> the members that hold cells, and how an error is marked
    "xlsx": ("xl/worksheets/sheet", b't="e"'),
    "ods": ("content.xml", b'calcext:value-type="error"'),
}
LINE_BREAK = b"<text:line-break/>"
INDENT = re.compile(rb">[^\S\n]*\n\s*<")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What a damaged workbook is stumbled over by, as UnreadableTable."""
    try:
        yield
    except PasswordError as error:
        raise UnreadableTable(PROTECTED) from error
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        is_locked = LOCKED in path.read_bytes()
        raise UnreadableTable(PROTECTED if is_locked else DAMAGED) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # of calamine's Rust, in no module
            raise
        raise UnreadableTable(DAMAGED) from error


def open_sheet(path: Path, wanted: str | None) -> CalamineSheet:
    """The sheet ``wanted`` of a workbook, or the only one. Raises UnreadableTable if there
    is none, SeveralTables if one is to be chosen, and what ``reading`` knows."""
    book = _open(path)
    sheets = [s for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
    if wanted in [sheet.name for sheet in sheets]:
        return book.get_sheet_by_name(wanted)
    visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    filled = [sheet for sheet in map(book.get_sheet_by_name, visible) if sheet.height > 0]
    if not filled:
        raise UnreadableTable("The spreadsheet is empty: give one with a header and rows.")
    named = {sheet.name: sheet for sheet in filled}
    return named[choose(list(named), wanted, "The spreadsheet")]


def error_cells(path: Path, kind: str) -> int:
    """How many cells of all sheets hold an error, which calamine reads as empty ones."""
    if kind not in ERROR_CELLS:
        return 0
    member, mark = ERROR_CELLS[kind]
    count = 0
    with zipfile.ZipFile(path) as book:
        for name in book.namelist():
            if name.startswith(member):
                with book.open(name) as cells:
                    count += sum(chunk.count(mark) for chunk in _overlapping(cells, len(mark)))
    return count


def _open(path: Path) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_path(str(path))
    except CalamineError:
        with suppress(zipfile.BadZipFile, KeyError):
            return CalamineWorkbook.from_filelike(_without_indents(path))
        raise


def _without_indents(path: Path) -> io.BytesIO:
    """An ODS as Gnumeric writes it, indented and with line breaks, as calamine can read it."""
    plain = io.BytesIO()
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(plain, "w") as copy:
        content = INDENT.sub(b"><", book.read("content.xml")).replace(LINE_BREAK, b"\n")
        for name in book.namelist():
            copy.writestr(name, content if name == "content.xml" else book.read(name))
    plain.seek(0)
    return plain


def _overlapping(file: IO[bytes], width: int) -> Iterator[bytes]:
    """The file in chunks, so that each run of ``width`` bytes is whole in exactly one."""
    tail = b""
    while chunk := file.read(CHUNK):
        yield tail + chunk
        tail = chunk[1 - width :]
