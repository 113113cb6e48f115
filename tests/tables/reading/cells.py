"""Columns of cells as each kind of file that has texts, and how each is read."""

import csv
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl

from newsletter.tables.ingest import FORMATS, IngestOptions
from newsletter.tables.reading import worker

Cells = Sequence[str | None]
Columns = Mapping[str, Sequence[Any]]


def delimited(columns: Columns, file: Path) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([list(columns), *rows_of(columns)])
    file.write_text(text.getvalue(), encoding="utf-8")


def blanks(columns: Columns, file: Path) -> None:
    """As R's write.table does."""
    escapes = str.maketrans({"\\": r"\\", '"': r"\""})
    lines = [
        " ".join("NA" if cell is None else f'"{str(cell).translate(escapes)}"' for cell in row)
        for row in [list(columns), *rows_of(columns)]
    ]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


def spreadsheet(columns: Columns, file: Path) -> None:
    book = openpyxl.Workbook()
    for row in [list(columns), *rows_of(columns)]:
        book.worksheets[0].append(row)
    book.save(file)


def xml_spreadsheet(columns: Columns, file: Path) -> None:
    lines = "".join(
        f"<Row>{''.join(map(_xml_cell, row))}</Row>" for row in [list(columns), *rows_of(columns)]
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    file.write_text(
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook xmlns="{space}"'
        f' xmlns:ss="{space}"><Worksheet ss:Name="a"><Table>{lines}</Table></Worksheet></Workbook>',
        encoding="utf-8",
    )


def _xml_cell(cell: Any) -> str:
    kind = "String" if isinstance(cell, str) else "Number"
    data = "" if cell is None else f'<Data ss:Type="{kind}">{escape(str(cell))}</Data>'
    return f"<Cell>{data}</Cell>"


def web_page(columns: Columns, file: Path) -> None:
    lines = [list(columns), *rows_of(columns)]
    cells = ["".join(f"<td>{escape(str(c or ''))}</td>" for c in line) for line in lines]
    file.write_text(f"<html><table><tr>{'<tr>'.join(cells)}</table>", encoding="utf-8")


def json_records(columns: Columns, file: Path) -> None:
    rows = rows_of(columns)
    file.write_text(json.dumps([dict(zip(columns, row, strict=True)) for row in rows]))


def database(columns: Columns, file: Path) -> None:
    with sqlite3.connect(file) as connection:
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(f"CREATE TABLE t ({names})")
        places = ", ".join("?" * len(columns))
        connection.executemany(f"INSERT INTO t VALUES ({places})", rows_of(columns))
    connection.close()


FORMS: dict[str, Callable[[Columns, Path], None]] = {
    "csv": delimited, "txt": blanks, "xlsx": spreadsheet, "xml": xml_spreadsheet,
    "html": web_page, "json": json_records, "sqlite": database,
}  # fmt: skip


def rows_of(columns: Columns) -> list[Sequence[Any]]:
    return list(zip(*columns.values(), strict=True))


def read_columns(columns: Columns, folder: Path, form: str = "csv", **options: Any) -> Any:
    """What the parser tells of a table, in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"in.{form}"
    FORMS[form](columns, source)
    return parsed(source, folder, **options)


def read_cells(
    cells: Cells, folder: Path, form: str = "csv", name: str = "x", **options: Any
) -> dict[str, Any]:
    """What the parser tells of the column, in this process."""
    columns = {"n": list(range(len(cells))), name: cells}
    outcome = read_columns(columns, folder, form, **options)
    return {
        "type": dict(outcome["columns"])[name],
        "values": [row[-1] for row in outcome["preview"]],
        "notes": [note for note in outcome["notes"] if name in note],
        "unit": outcome["units"].get(name),
    }


def parsed(
    source: Path, folder: Path | None = None, output_bytes: int = 10**9, **options: Any
) -> dict[str, Any]:
    """What the parser tells of a file, in this process; a ``folder`` takes what it writes."""
    if folder is None:
        folder = Path(tempfile.mkdtemp(dir=source.parent))
    limits = {"memory_bytes": 10**9, "output_bytes": output_bytes}
    wishes = IngestOptions(**options)
    stated = {field.name: getattr(wishes, field.name) for field in fields(wishes)}
    request = {"source": str(source), "name": source.name, "folder": str(folder)}
    return worker.parse(request | {"formats": FORMATS[:1], "options": stated, "limits": limits})
