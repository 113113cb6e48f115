"""The tables that one file holds."""

from pathlib import Path

import pytest

from newsletter.catalog import multi_table
from newsletter.catalog.package.dataset_package import TablePackage
from newsletter.errors import SeveralTables
from newsletter.tables.ingest import Ingested, IngestOptions, Output, Watch

NOTE = "These 2 files have the same columns: `--stack` makes one table of them."


def as_read(file: str, columns: str) -> Ingested:
    output = Output(Path(file), 1, "")
    types = tuple((name, "integer") for name in columns)
    return Ingested(
        *("delimited", file, "utf-8", ",", 1, 1, 0, (), types, {}, [], ()),
        *(output, output, output),
    )


@pytest.mark.parametrize(
    ("tables", "notes"),
    [
        ({"a.csv": as_read("a.csv", "xy"), "b.csv": as_read("b.csv", "yx")}, (NOTE,)),
        ({"a.csv": as_read("a.csv", "xy"), "b.csv": as_read("b.csv", "xz")}, ()),
        ({"North": as_read("t.xlsx", "xy"), "South": as_read("t.xlsx", "xy")}, ()),
    ],
    ids=["files of one shape", "files of two shapes", "sheets"],
)
def test_files_of_one_shape_bring_the_note_that_they_may_be_stacked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tables: dict[str, Ingested],
    notes: tuple[str, ...],
) -> None:
    def ingest(_source: Path, _work: Path, options: IngestOptions, _watch: Watch) -> Ingested:
        if options.table is None:
            raise SeveralTables("Choose one.", list(tables))
        return tables[options.table]

    monkeypatch.setattr(multi_table, "ingest", ingest)
    table = TablePackage(name="t", file="data/t.zip")
    (_, first), (_, second) = multi_table.read_tables(table, tmp_path / "t.zip", tmp_path)

    assert (first.notes, second.notes) == (notes, ())
