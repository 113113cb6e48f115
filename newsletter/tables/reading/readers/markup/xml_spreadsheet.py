"""Spreadsheets as XML of 2003, which programs write that know of Excel and of no library."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
from lxml import etree

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers.grid import MERGED, table_of
from newsletter.tables.reading.staging import MAX_COLUMNS, Reading
from newsletter.tables.reading.table_choice import choose

SPACE = "{urn:schemas-microsoft-com:office:spreadsheet}"
DAY_OF_TIMES = date(1899, 12, 31)
MAX_ROWS = 1_048_576  # of a sheet


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load a sheet of ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    sheets = {
        sheet.get(f"{SPACE}Name", ""): sheet
        for sheet in _document(path).iter(f"{SPACE}Worksheet")
        if next(sheet.iter(f"{SPACE}Data"), None) is not None
    }
    if not sheets:
        raise UnreadableTable("The spreadsheet is empty: give one with a header and rows.")
    sheet = sheets[choose(list(sheets), options["table"], "The spreadsheet")]
    notes: list[str] = []
    if sheet.xpath("boolean(.//@*[local-name() = 'MergeAcross' or local-name() = 'MergeDown'])"):
        notes.append(MERGED)
    return table_of(connection, _rows(sheet), notes, folder, options)


def _document(path: Path) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.parse(path, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableTable("The spreadsheet is no well-formed XML: save it again.") from error


def _rows(sheet: Any) -> Iterator[list[Any]]:
    place = 0
    for row in sheet.iter(f"{SPACE}Row"):
        index = row.get(f"{SPACE}Index", "")
        blank = int(index) - 1 - place if index.isdecimal() else 0
        for _ in range(min(blank, MAX_ROWS)):
            yield []
        place += max(blank, 0) + 1
        yield _cells(row)


def _cells(row: Any) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iter(f"{SPACE}Cell"):
        index = cell.get(f"{SPACE}Index", "")
        if index.isdecimal() and len(cells) < int(index) - 1:
            cells += [None] * (min(int(index), MAX_COLUMNS + 2) - 1 - len(cells))
        data = cell.find(f"{SPACE}Data")
        cells.append(None if data is None else _value(data))
        across = cell.get(f"{SPACE}MergeAcross", "0")
        cells += [None] * min(int(across) if across.isdecimal() else 0, MAX_COLUMNS)
        if len(cells) > MAX_COLUMNS:
            break
    return cells


def _value(data: Any) -> Any:
    text = "".join(data.itertext())
    match data.get(f"{SPACE}Type"):
        case "Number":
            return _number(text)
        case "Boolean":
            return text.strip() in {"1", "true"}
        case "DateTime":
            return _moment(text)
        case "Error":
            return None
    return text


def _number(text: str) -> Any:
    try:
        return int(text) if text.strip().lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text


def _moment(text: str) -> datetime | date | time | str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return text
    if moment.date() == DAY_OF_TIMES:
        return moment.time()
    return moment.date() if moment.time() == time() else moment
