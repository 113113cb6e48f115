"""One column of cells as four kinds of file, and how each is read."""

import csv
import io
import json
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import openpyxl

from newsletter.tables.ingest import FORMATS, IngestOptions
from newsletter.tables.reading import worker

Cells = Sequence[str | None]


def delimited(cells: Cells, file: Path, name: str) -> None:
    text = io.StringIO()
    rows: list[list[str | None]] = [["n", name]]
    rows += [[str(n), cell] for n, cell in enumerate(cells)]
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8")


def spreadsheet(cells: Cells, file: Path, name: str) -> None:
    book = openpyxl.Workbook()
    for row in [["n", name], *([n, cell] for n, cell in enumerate(cells))]:
        book.worksheets[0].append(row)
    book.save(file)


def json_records(cells: Cells, file: Path, name: str) -> None:
    file.write_text(json.dumps([{"n": n, name: cell} for n, cell in enumerate(cells)]))


def database(cells: Cells, file: Path, name: str) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f'CREATE TABLE t (n INTEGER, "{name}")')
        connection.executemany("INSERT INTO t VALUES (?, ?)", list(enumerate(cells)))
    connection.close()


FORMS: dict[str, Callable[[Cells, Path, str], None]] = {
    "csv": delimited, "xlsx": spreadsheet, "json": json_records, "sqlite": database
}  # fmt: skip


def read_cells(
    cells: Cells, folder: Path, form: str = "csv", name: str = "x", **options: Any
) -> dict[str, Any]:
    """What the parser tells of the column, in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / f"in.{form}"
    FORMS[form](cells, source, name)
    outcome = parsed(source, folder, **options)
    return {
        "type": dict(outcome["columns"])[name],
        "values": [row[-1] for row in outcome["preview"]],
        "notes": [note for note in outcome["notes"] if name in note],
        "unit": outcome["units"].get(name),
    }


def parsed(source: Path, folder: Path | None = None, **options: Any) -> dict[str, Any]:
    """What the parser tells of a file, in this process; a ``folder`` takes what it writes."""
    if folder is None:
        folder = Path(tempfile.mkdtemp(dir=source.parent))
    limits = {"memory_bytes": 10**9, "output_bytes": 10**9}
    wishes = IngestOptions(**options)
    stated = {field.name: getattr(wishes, field.name) for field in fields(wishes)}
    request = {"source": str(source), "name": source.name, "folder": str(folder)}
    return worker.parse(request | {"formats": FORMATS[:1], "options": stated, "limits": limits})
