"""Files of one shape as one table, which says which file a row is of."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from newsletter.errors import SeveralTables, UnreadableTable
from newsletter.tables.reading.readers import stack
from tests.tables.reading.cells import parsed, spreadsheet

Files = Mapping[str, str | bytes]


def stacked(folder: Path, files: Files, **options: Any) -> Any:
    source = folder / "many.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return parsed(source, stack=True, **options)


def test_the_rows_of_all_files_are_typed_together(tmp_path: Path) -> None:
    files = {
        "2025.csv": "day,land,n\n2025-01-02,Peru,NA\n2025-01-03,NA,3\n",
        "2026.tsv": "n\tland\tday\n1.5\tChad\t2026-01-02\n",
        "2027.json": '[{"day": "2027-01-02", "land": "Mali", "n": 7}]',
        "README": "Counts.",
    }
    table = stacked(tmp_path, files)

    assert table["columns"] == [
        *(("file", "string"), ("day", "date"), ("land", "string"), ("n", "number")),
    ]
    assert table["preview"] == [
        ["2025.csv", "2025-01-02", "Peru", None],
        ["2025.csv", "2025-01-03", "NA", 3.0],
        ["2026.tsv", "2026-01-02", "Chad", 1.5],
        ["2027.json", "2027-01-02", "Mali", 7.0],
    ]
    assert (table["name"], table["rows_in"]) == ("many.zip", 4)
    assert table["notes"][:2] == [
        "The archive also holds README, which is not a table.",
        "3 files are stacked: the column file says which one a row is of.",
    ]


def test_a_tar_is_stacked_in_the_order_of_its_files_names(tmp_path: Path) -> None:
    source = tmp_path / "many.tar.gz"
    with tarfile.open(source, "w:gz") as archive:
        for name in ("b/t.csv", "a/t.csv"):
            content = f"n\n{len(archive.getnames())}\n".encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))

    assert parsed(source, stack=True)["preview"] == [["a/t.csv", 1], ["b/t.csv", 0]]


def test_what_is_a_header_in_the_first_file_is_one_in_the_others(tmp_path: Path) -> None:
    table = stacked(tmp_path, {"a.csv": "land,65\nPeru,x\n", "b.csv": "land,65\nChad,7\n"})

    assert [name for name, _ in table["columns"]] == ["file", "land", "65"]
    assert table["preview"] == [["a.csv", "Peru", "x"], ["b.csv", "Chad", "7"]]


@pytest.mark.parametrize(
    ("queries", "type_", "values"),
    [
        (["1::INT", "2::INT"], "integer", [1, 2]),
        (["1::INT", "NULL::INT", "9007199254740993"], "integer", [1, None, 9007199254740993]),
        (["1::UBIGINT", "0.5::DOUBLE"], "number", [1.0, 0.5]),
        (["true", "'no'"], "string", ["true", "no"]),
    ],
)
def test_types_that_files_state_are_kept_where_all_agree(
    tmp_path: Path, queries: list[str], type_: str, values: list[Any]
) -> None:
    files = {}
    for at, query in enumerate(queries):
        path = tmp_path / f"{at}.parquet"
        duckdb.execute(f"COPY (SELECT {query} AS n) TO '{path}'")
        files[path.name] = path.read_bytes()
    table = stacked(tmp_path, files)

    assert table["columns"][1] == ("n", type_)
    assert [row[1] for row in table["preview"]] == values


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        ("x,m\n1,2\n", "It has no column n, which a.csv has: stack files of the same columns."),
        ("n,m,x\n1,2,3\n", "It has a column m, which a.csv lacks: stack files of the same"),
        ("x,n\n", "The file has a header but no rows: give one with data."),
        (b"PK\x03\x04", "The zip archive is damaged: pack it again."),
    ],
)
def test_the_first_file_that_does_not_fit_is_named(
    tmp_path: Path, second: str | bytes, sentence: str
) -> None:
    with pytest.raises(UnreadableTable) as refused:
        stacked(tmp_path, {"a.csv": "x,n\n1,2\n", "b.csv": second, "c.csv": "y\n1\n"})
    assert str(refused.value).startswith(f"b.csv: {sentence}")


def test_rejected_rows_and_notes_say_which_file_they_are_of(tmp_path: Path) -> None:
    rows = "n,file\n1,x\n2,y\n3\n"
    table = stacked(tmp_path, {"a.csv": rows, "b.csv": f"{rows}4,y,z\n", "c.csv": "n,file\n1,x\n"})

    assert table["columns"][0] == ("file_2", "string")
    assert (table["rows_in"], table["rows_kept"], table["rows_rejected"]) == (8, 7, 1)
    assert table["rejected"] == [(5, "it has 3 cells where the header has 2 (b.csv)")]
    (short,) = [note for note in table["notes"] if "fewer cells" in note]
    assert short.startswith("a.csv and 1 more: 1 row has fewer cells")


def test_a_doubt_about_one_file_is_an_alert_on_the_table(tmp_path: Path) -> None:
    latin = "land,n\nCuraçao,1\n".encode("cp1252")
    table = stacked(tmp_path, {"a.csv": "land,n\nPeru,1\n", "b.csv": latin})

    assert table["preview"][1] == ["b.csv", "Curaçao", 1]
    alert = table["profile"]["alerts"][0]
    assert (alert["code"], alert["message"][:22]) == ("encoding_guessed", "b.csv: Read as cp1252,")
    assert table["encoding"] is None


def test_sheets_are_stacked_by_their_name(tmp_path: Path) -> None:
    spreadsheet({"n": [1]}, tmp_path / "t.xlsx")
    files = {name: (tmp_path / "t.xlsx").read_bytes() for name in ("a.xlsx", "b.xlsx")}

    assert len(stacked(tmp_path, files, table="Sheet")["preview"]) == 2
    with pytest.raises(UnreadableTable, match=r"a\.xlsx: .* holds no table 'Other'"):
        stacked(tmp_path, files, table="Other")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "t.csv"
    source.write_text("n\n1\n")
    with pytest.raises(UnreadableTable, match=r"t\.csv is no archive of files to stack: pack"):
        parsed(source, stack=True)


def test_files_and_bytes_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{name}.csv": "n\n" + "1\n" * 50 for name in "abc"}
    monkeypatch.setattr(stack, "MOST_FILES", 2)
    with pytest.raises(UnreadableTable, match="holds 3 tables and 2 are the most"):
        stacked(tmp_path, files)
    monkeypatch.undo()
    with pytest.raises(UnreadableTable, match="unpacks to more than 250 bytes"):
        stacked(tmp_path, files, output_bytes=250)


def test_who_does_not_state_it_hears_of_it(tmp_path: Path) -> None:
    source = tmp_path / "many.zip"
    with zipfile.ZipFile(source, "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(name, "n\n1\n")
    with pytest.raises(SeveralTables, match="make one table of files of one shape with `--stack`"):
        parsed(source)
