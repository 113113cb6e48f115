"""Each kind of file that may be brought, as another program wrote it."""

import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import polars
import pytest

from newsletter.tables.ingest import ingest

FRAME = {
    "zip": ["00501", "10001"],
    "n": [9007199254740991, 2],
    "x": [0.1, None],
    "day": [date(2026, 3, 29), date(2026, 11, 23)],
    "word": ["Zoë, “quoted”", "=1+1"],
}
COLUMNS = (
    *(("zip", "string"), ("n", "integer"), ("x", "number"), ("day", "date")),
    ("word", "string"),
)
ROWS = [
    ["00501", 9007199254740991, 0.1, "2026-03-29", "Zoë, “quoted”"],
    ["10001", 2, None, "2026-11-23", "=1+1"],
]
POLARS = polars.DataFrame(FRAME)


def by_program(*command: str) -> Callable[[Path], Path]:
    """Packs a CSV file of polars with a program of the command line."""

    def pack(folder: Path) -> Path:
        POLARS.write_csv(folder / "t.csv")
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        (packed,) = folder.glob("t.csv?*") if list(folder.glob("t.csv?*")) else folder.glob("p.*")
        return packed

    return pack


def by_polars(method: str, name: str, **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        getattr(POLARS, method)(folder / name, **options)
        return folder / name

    return write


def by_pandas(folder: Path) -> Path:
    pandas.DataFrame(FRAME).to_csv(folder / "t.csv", sep=";", index=False, encoding="utf-16")
    return folder / "t.csv"


def by_pyarrow(folder: Path) -> Path:
    pandas.DataFrame(FRAME).to_feather(folder / "t.feather")
    return folder / "t.feather"


def by_openpyxl(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (list(FRAME), *zip(*FRAME.values(), strict=True)):
        book.worksheets[0].append(row)
    book.worksheets[0]["E3"].data_type = "s"  # no formula, though it looks like one
    book.save(folder / "t.xlsx")
    return folder / "t.xlsx"


def by_sqlite(folder: Path) -> Path:
    POLARS.write_csv(folder / "t.csv")
    commands = ".mode csv\nCREATE TABLE t (zip TEXT, n INTEGER, x REAL, day TEXT, word TEXT);\n"
    commands += ".import --skip 1 t.csv t\nUPDATE t SET x = NULL WHERE x = '';\n"
    subprocess.run(["sqlite3", "t.db"], cwd=folder, input=commands, text=True, check=True)
    return folder / "t.db"


def by_tar(folder: Path) -> Path:
    POLARS.write_csv(folder / "t.csv")
    subprocess.run(["tar", "czf", "t.tar.gz", "t.csv"], cwd=folder, check=True)
    return folder / "t.tar.gz"


MADE_BY = {
    "CSV by polars": by_polars("write_csv", "t.csv"),
    "CSV by polars, with a tab and a mark": by_polars(
        "write_csv", "t.tsv", separator="\t", include_bom=True
    ),
    "CSV by pandas, in UTF-16": by_pandas,
    "Parquet by polars": by_polars("write_parquet", "t.parquet"),
    "an Arrow file by polars": by_polars("write_ipc", "t.arrow", compression="zstd"),
    "an Arrow stream by polars": by_polars("write_ipc_stream", "t.arrows", compression="lz4"),
    "Feather by pandas and pyarrow": by_pyarrow,
    "NDJSON by polars": by_polars("write_ndjson", "t.ndjson"),
    "JSON by polars": by_polars("write_json", "t.json"),
    "a spreadsheet by openpyxl": by_openpyxl,
    "a database by sqlite3": by_sqlite,
    "gzip": by_program("gzip", "t.csv"),
    "zstd": by_program("zstd", "--rm", "t.csv"),
    "bzip2": by_program("bzip2", "t.csv"),
    "xz": by_program("xz", "t.csv"),
    "zip": by_program("zip", "p.zip", "t.csv"),
    "tar": by_tar,
}


@pytest.mark.parametrize("made_by", MADE_BY)
def test_a_file_of_each_kind_keeps_its_meaning(tmp_path: Path, made_by: str) -> None:
    source = MADE_BY[made_by](tmp_path)
    (tmp_path / "work").mkdir()

    table = ingest(source, tmp_path / "work")

    assert table.columns == COLUMNS
    assert table.preview == ROWS
    assert (table.rows_in, table.rows_rejected) == (2, 0)
