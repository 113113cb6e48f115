"""Tables as spreadsheets open them: made of a version's files when first asked for, and kept
beside them, as they never change."""

import codecs
import hashlib
import json
import shutil
from functools import partial
from pathlib import Path
from typing import BinaryIO

from newsletter.models.dataset import Table
from newsletter.storage import Storage
from newsletter.tables.workbook import too_large, write_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MARKED = ".marked.csv"
LARGEST_MARKED = 64 * 1024 * 1024  # bytes of a CSV file, of which a copy is kept
CHUNK = 1024 * 1024
FORMAT = "1"  # of what is kept: another one is made again


def why_none(table: Table) -> str:
    """Why there is no workbook of a table, in a sentence; empty: there is one."""
    return too_large(table.rows, len(table.columns))


def can_be_marked(table: Table) -> bool:
    """Whether its CSV file is handed out with a byte order mark, too."""
    return int(table.files["csv"]["bytes"]) <= LARGEST_MARKED


def cells(table: Table) -> int:
    return table.rows * len(table.columns)


def place_of_workbook(table: Table) -> str:
    """The key under which it is kept: by all that it is made of."""
    content = [FORMAT, table.name, table.columns]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    key: str = table.files["parquet"]["key"]
    return f"{key}.{digest[:10]}.{digest[10:20]}.xlsx"


def workbook(table: Table, storage: Storage) -> Path:
    """The table as a workbook. Raises Refused where a cell is too long for one."""
    key = table.files["parquet"]["key"]
    suffix = place_of_workbook(table).removeprefix(key)
    return storage.derived(key, suffix, partial(_write, table=table, file=storage.path(key)))


def marked_csv(table: Table, storage: Storage) -> str:
    """The key of its CSV file with a byte order mark, by which Excel knows that it is UTF-8."""
    key: str = table.files["csv"]["key"]
    storage.derived(key, MARKED, _mark)
    return key + MARKED


def _write(_source: BinaryIO, target: BinaryIO, table: Table, file: Path) -> None:
    write_workbook(file, table.columns, table.name, target)


def _mark(source: BinaryIO, target: BinaryIO) -> None:
    target.write(codecs.BOM_UTF8)
    shutil.copyfileobj(source, target, CHUNK)
