import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import UnreadableTable
from newsletter.tables.ingest import FORMATS, Ingested, IngestLimits, IngestOptions, ingest
from newsletter.tables.reading import worker
from tests.examples import examples

PLAIN = "id,name\n1,Ann\n2,Bob\n"


def read(tmp_path: Path, content: str | bytes, name: str = "table.csv", **options: Any) -> Ingested:
    source = tmp_path / name
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    return ingest(source, work, IngestOptions(**options))


def refusal(tmp_path: Path, content: str | bytes, name: str = "table.csv", **options: Any) -> str:
    with pytest.raises(UnreadableTable) as caught:
        read(tmp_path, content, name, **options)
    assert list((tmp_path / "work").iterdir()) == []
    return str(caught.value)


def moment(text: str) -> datetime:
    """A time of day without a zone, as Parquet and spreadsheets hold them."""
    return datetime.fromisoformat(text)


def column(table: Ingested, name: str) -> list[Any]:
    place = [column for column, _ in table.columns].index(name)
    return [row[place] for row in table.preview]


def type_of(table: Ingested, name: str) -> str:
    return dict(table.columns)[name]


def one_column(tmp_path: Path, values: Iterable[str], **options: Any) -> Ingested:
    text = io.StringIO()
    csv.writer(text).writerows([["n", "x"], *([str(n), value] for n, value in enumerate(values))])
    return read(tmp_path, text.getvalue(), **options)


def test_it_reads_a_csv_and_writes_the_three_files(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN)

    assert (table.kind, table.encoding, table.delimiter) == ("delimited", "utf-8", ",")
    assert (table.rows_in, table.rows_kept, table.rows_rejected) == (2, 2, 0)
    assert table.columns == (("id", "integer"), ("name", "string"))
    assert table.preview == [[1, "Ann"], [2, "Bob"]]
    assert table.notes == ()
    assert table.profile["rows"] == 2
    assert table.csv.path.read_text() == PLAIN
    assert json.loads(table.json.path.read_text()) == [
        {"id": 1, "name": "Ann"},
        {"id": 2, "name": "Bob"},
    ]
    assert polars.read_parquet(table.parquet.path).rows() == [(1, "Ann"), (2, "Bob")]
    left = sorted(path.name for path in (tmp_path / "work").iterdir())
    assert left == ["table.csv", "table.json", "table.parquet"]
    for output in (table.csv, table.json, table.parquet):
        told = subprocess.run(["sha256sum", output.path], capture_output=True, check=True).stdout
        assert told.startswith(output.sha256.encode())
        assert output.bytes == output.path.stat().st_size


def test_it_writes_the_same_bytes_each_time(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n / 7},{'xyz'[n % 3]}\n" for n in range(200_000))

    first = read(tmp_path, "a,b,c\n" + rows)
    second = read(tmp_path, "a,b,c\n" + rows)

    assert first.parquet.sha256 == second.parquet.sha256
    assert first.csv.sha256 == second.csv.sha256


def test_the_sample_is_spread_over_the_rows(tmp_path: Path) -> None:
    table = read(tmp_path, "n,s\n" + "".join(f'{n},"{{"\n' for n in range(100)))

    assert [row["n"] for row in table.sample(10)] == list(range(0, 100, 10))
    assert [row["n"] for row in table.sample(30)] == list(range(0, 100, 4))
    assert len(table.sample(1000)) == 100


def test_the_parent_does_not_load_duckdb() -> None:
    code = (
        "import sys, newsletter.tables.ingest;"
        "print({'duckdb', 'pydantic', 'charset_normalizer'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert told.stdout == "set()\n"


# The layout of delimited text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_the_delimiter(tmp_path: Path, delimiter: str) -> None:
    text = f"id{delimiter}name\n1{delimiter}a, b; c\n2{delimiter}x,y\n"
    if delimiter in ",;":
        text = text.replace("a, b; c", '"a, b; c"').replace("x,y", '"x,y"')

    table = read(tmp_path, text)

    assert table.delimiter == delimiter
    assert table.preview == [[1, "a, b; c"], [2, "x,y"]]


def test_a_stated_delimiter_wins(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b:c\nx,y:3\n", delimiter=":")

    assert table.columns == (("a,b", "string"), ("c", "integer"))


def test_it_reads_the_separator_line_of_excel(tmp_path: Path) -> None:
    table = read(tmp_path, "sep=;\na;b\n1;2\n1;2;3\n3;4\n")

    assert table.preview == [[1, 2], [3, 4]]
    assert table.rejected[0].line == 4


def test_it_reads_a_single_column(tmp_path: Path) -> None:
    assert read(tmp_path, "word\nhello\nworld\n").preview == [["hello"], ["world"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_it_reads_every_line_ending_and_keeps_those_in_cells(tmp_path: Path, ending: str) -> None:
    text = ending.join(["id,text", f'1,"two{ending}lines"', '2,"say ""hi"""'])

    table = read(tmp_path, text)

    assert table.preview == [[1, f"two{ending}lines"], [2, 'say "hi"']]


def test_spaces_after_every_delimiter_are_not_part_of_the_cells(tmp_path: Path) -> None:
    table = read(tmp_path, 'id, name, n\n1, "a,b", 5\n2, c, 6\n')

    assert table.preview == [[1, "a,b", 5], [2, "c", 6]]


def test_names_are_made_different_and_it_says_so(tmp_path: Path) -> None:
    table = read(tmp_path, 'id,,ID,id,"two\nlines"\n1,2,3,4,5\n')

    assert [name for name, _ in table.columns] == ["id", "column_2", "ID_2", "id_3", "two lines"]
    assert "Column 2 had no name and is called column_2." in table.notes
    assert "Column 4 repeated the name id and is called id_3." in table.notes


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("name,age\nAnn,30\n", ["name", "age"]),
        ("name,city\nAnn,Rome\n", ["name", "city"]),
        ("1,Ann\n2,Bob\n", ["column_1", "column_2"]),
        ("2020-01-01,5\n2020-01-02,6\n", ["column_1", "column_2"]),
        ("country,2019,2020\nItaly,5,6\nSpain,7,8\n", ["country", "2019", "2020"]),
        ("code,1\nx,y\n", ["code", "1"]),
    ],
)
def test_it_finds_out_whether_there_is_a_header(
    tmp_path: Path, text: str, names: list[str]
) -> None:
    assert [name for name, _ in read(tmp_path, text).columns] == names


def test_without_a_header_the_first_line_is_a_row(tmp_path: Path) -> None:
    table = read(tmp_path, "1,Ann\n2,Bob\n")

    assert table.preview == [[1, "Ann"], [2, "Bob"]]
    assert any("No header was found" in note for note in table.notes)


def test_a_stated_header_wins(tmp_path: Path) -> None:
    assert read(tmp_path, "1,2\n3,4\n", header=True).preview == [[3, 4]]
    assert read(tmp_path, "a,b\n3,4\n", header=False).rows_kept == 2
    assert read(tmp_path, "1,2\n3,4\n", types={"1": "integer"}).preview == [[3, 4]]


# Encodings


@pytest.mark.parametrize(
    ("encoding", "stated"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_it_reads_unicode_in_every_form(tmp_path: Path, encoding: str, stated: str) -> None:
    text = "id,name\n1,Zoë\n2,日本\n" + "3,plain latin text\n" * 20

    table = read(tmp_path, text.encode(encoding))

    assert table.encoding == stated
    assert table.columns[0] == ("id", "integer")
    assert column(table, "name")[:2] == ["Zoë", "日本"]


def test_it_guesses_cp1252_and_says_so(tmp_path: Path) -> None:
    table = read(tmp_path, "id,name\n1,Zoë\n2,“José”\n".encode("cp1252"))

    assert table.encoding == "cp1252"
    assert column(table, "name") == ["Zoë", "“José”"]
    assert table.notes == ("Read as cp1252, which is a guess: 4 characters were not UTF-8.",)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Съешь же ещё этих мягких французских булок, да выпей чаю"),
        ("shift_jis", "いろはにほへとちりぬるを わかよたれそつねならむ 日本語の文章です"),
    ],
)
def test_it_guesses_other_scripts(tmp_path: Path, encoding: str, text: str) -> None:
    table = read(tmp_path, f"id;text\n1;{text}\n2;{text}\n".encode(encoding))

    assert column(table, "text") == [text, text]


def test_a_stated_encoding_wins(tmp_path: Path) -> None:
    raw = "id,name\n1,Ł\n".encode("iso8859-2")

    table = read(tmp_path, raw, encoding="iso8859-2")

    assert table.preview == [[1, "Ł"]]
    assert table.encoding == "iso8859-2"


@pytest.mark.parametrize("name", ["nonsense", "zlib", "rot13"])
def test_it_refuses_an_encoding_that_does_not_exist(tmp_path: Path, name: str) -> None:
    assert "no encoding called" in refusal(tmp_path, PLAIN, encoding=name)


def test_a_row_of_broken_utf_8_is_rejected_and_the_others_are_kept(tmp_path: Path) -> None:
    raw = "id,name\n1,Zoë é ü ö à ñ\n2,X\n3,日本\n".encode().replace(b"X", b"\xff\xfe")

    table = read(tmp_path, raw)

    assert table.encoding == "utf-8"
    assert column(table, "id") == [1, 3]
    assert [(row.line, row.reason) for row in table.rejected] == [
        (3, "it holds bytes that are not utf-8")
    ]


# Types


@pytest.mark.parametrize(
    ("values", "type_", "cells"),
    [
        (["1", "-20", ""], "integer", [1, -20, None]),
        (["00501", "10001"], "string", ["00501", "10001"]),
        (["+4912345", "1"], "string", ["+4912345", "1"]),
        (["-0", "1"], "integer", [0, 1]),
        (["12345678901234567890", "1"], "integer", ["12345678901234567890", "1"]),
        (["9" * 39], "string", ["9" * 39]),
        (["1.5", ".5", "2", "+0.25", "1e-3"], "number", [1.5, 0.5, 2.0, 0.25, 0.001]),
        (["0.30000000000000004"], "number", [0.30000000000000004]),
        ([f"{1.234:.18e}", "1e-300"], "number", [1.234, 1e-300]),  # as NumPy prints
        (["0.12345678901234567"], "number", ["0.123456789012345670"]),  # no double prints so
        (
            ["1234567890123456789.25", "1"],
            "number",
            ["1234567890123456789.25", "1.00"],
        ),
        (["1." + "1" * 60], "number", [1.1111111111111112]),
        (["1e400", "1.0"], "string", ["1e400", "1.0"]),
        (["1E5", "2E7"], "string", ["1E5", "2E7"]),
        (["007.5"], "string", ["007.5"]),
        (["NaN", "1.5", "inf"], "number", [None, 1.5, None]),
        (["NaN", "1"], "integer", [None, 1]),
        (["1,234", "5"], "integer", [1234, 5]),
        (["1e5", "2"], "number", [100000.0, 2.0]),
        (["true", "FALSE", ""], "boolean", [True, False, None]),
        (["yes", "no"], "string", ["yes", "no"]),
        (["2026-11-23", ""], "date", ["2026-11-23", None]),
        (["2026/1/3"], "date", ["2026-01-03"]),
        (["23.11.2026"], "date", ["2026-11-23"]),
        (["23/11/2026", "01/02/2026"], "date", ["2026-11-23", "2026-02-01"]),
        (["11/23/2026", "01/02/2026"], "date", ["2026-11-23", "2026-01-02"]),
        (["01/02/2026"], "string", ["01/02/2026"]),
        (["2026-02-30"], "string", ["2026-02-30"]),
        (["0000-01-01"], "string", ["0000-01-01"]),
        (
            ["2026-11-23T09:00:00", "2026-11-23 09:30"],
            "datetime",
            ["2026-11-23T09:00:00", "2026-11-23T09:30:00"],
        ),
        (
            ["2026-11-23T09:00:00Z", "2026-11-23T09:00:00.25+02:00"],
            "datetime",
            ["2026-11-23T09:00:00Z", "2026-11-23T07:00:00.25Z"],
        ),
        (["2026-11-23T09:00:00.1234567"], "datetime", ["2026-11-23T09:00:00.1234567"]),
        (["09:30", "23:59:59"], "time", ["09:30:00", "23:59:59"]),
        (["25:00"], "string", ["25:00"]),
        (["", ""], "string", [None, None]),
        (["NA", "1", " - ", "\u00a0"], "integer", [None, 1, None, None]),
        (["True", "n/a"], "boolean", [True, None]),
        (["NA", "Namibia", "1"], "string", ["NA", "Namibia", "1"]),
        (["NA", "NA"], "string", ["NA", "NA"]),
        (["null", "None", "\\N"], "string", ["null", "None", "\\N"]),
    ],
)
def test_it_types_a_column_without_losing_meaning(
    tmp_path: Path, values: Sequence[str], type_: str, cells: Sequence[Any]
) -> None:
    table = one_column(tmp_path, values)

    assert type_of(table, "x") == type_
    assert column(table, "x") == cells


def test_one_value_far_down_decides_too(tmp_path: Path) -> None:
    table = one_column(tmp_path, [*map(str, range(5000)), "00501"])

    assert type_of(table, "n") == "integer"
    assert type_of(table, "x") == "string"


def test_it_says_why_a_date_that_reads_two_ways_stays_text(tmp_path: Path) -> None:
    table = one_column(tmp_path, ["01/02/2026"])

    assert table.notes == (
        "The dates of the column x may be day/month or month/day: it stays text.",
    )


def test_big_numbers_keep_their_digits_in_every_file(tmp_path: Path) -> None:
    whole, part = "12345678901234567890123", "1234567890123456789.25"
    table = read(tmp_path, f"whole,part\n{whole},{part}\n")

    frame = polars.read_parquet(table.parquet.path)
    assert frame.row(0) == (Decimal(whole), Decimal(part))
    assert table.csv.path.read_text() == f"whole,part\n{whole},{part}\n"
    assert json.loads(table.json.path.read_text(), parse_float=Decimal) == [
        {"whole": whole, "part": Decimal(part)}
    ]


def test_missing_values_are_null_everywhere(tmp_path: Path) -> None:
    table = read(tmp_path, 'n,s\n1,a\nNA,"NA"\n-999,\n', missing_values=("NA", "-999"))

    assert table.preview == [[1, "a"], [None, None], [None, ""]]
    assert table.csv.path.read_text() == 'n,s\n1,a\n,\n,""\n'


def test_it_reads_a_decimal_comma(tmp_path: Path) -> None:
    table = read(tmp_path, "a;b\n1,5;x\n-2,25;y\n3;z\n")

    assert column(table, "a") == [1.5, -2.25, 3.0]
    assert "Numbers were read with a decimal comma." in table.notes


def test_what_may_be_thousands_is_left_alone(tmp_path: Path) -> None:
    assert type_of(read(tmp_path, "a;b\n1,500;x\n2,250;y\n"), "a") == "string"
    assert column(read(tmp_path, "a;b\n1,500;x\n", decimal=","), "a") == [1.5]
    assert column(read(tmp_path, 'a,b\n"1,5",x\n', decimal=","), "a") == [1.5]


@pytest.mark.parametrize(
    ("stated", "values", "cells"),
    [
        ("string", ["1", "2"], ["1", "2"]),
        ("integer", ["007", "5.0", "+3"], [7, 5, 3]),
        ("number", ["1", "007"], [1.0, 7.0]),
        ("boolean", ["yes", "0", "T"], [True, False, True]),
        ("datetime", ["2026-11-23"], ["2026-11-23T00:00:00"]),
        ("date", ["", ""], [None, None]),
    ],
)
def test_a_stated_type_wins_when_every_value_has_it(
    tmp_path: Path, stated: str, values: Sequence[str], cells: Sequence[Any]
) -> None:
    table = one_column(tmp_path, values, types={"x": stated})

    assert type_of(table, "x") == stated
    assert column(table, "x") == cells
    assert table.notes == ()


def test_a_stated_number_is_rounded_when_it_must_and_it_says_so(tmp_path: Path) -> None:
    table = one_column(tmp_path, ["1." + "1" * 60], types={"x": "number"})

    assert column(table, "x") == [1.1111111111111112]
    assert table.notes == ("1 value of x with more digits than fit is rounded.",)


def test_it_refuses_a_stated_type_that_the_values_do_not_have(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with pytest.raises(UnreadableTable) as refused:
        one_column(tmp_path, ["1", "two", "NA", "three"], types={"x": "integer"})

    assert str(refused.value) == (
        "The column x is described as integer but 2 values such as 'two', 'three' are none:"
        " correct them, or describe it as string."
    )


def test_it_says_when_a_described_column_is_not_there(tmp_path: Path) -> None:
    table = one_column(tmp_path, ["1"], types={"gone": "date"})

    assert table.notes == ("The column gone is described but not there.",)


# Rows that do not fit


def test_long_rows_are_rejected_with_their_line_and_short_ones_padded(tmp_path: Path) -> None:
    text = 'id,name\n1,"two\nlines"\n2\n\n3,c,extra\n4,d\n5,"x"y\n6,e\n7,f\n'

    table = read(tmp_path, text)

    assert column(table, "id") == [1, 2, 4, 6, 7]
    assert column(table, "name")[:3] == ["two\nlines", None, "d"]
    assert [(row.line, row.reason) for row in table.rejected] == [
        (6, "it has 3 cells where the header has 2"),
        (8, "text follows a closing quote"),
    ]
    assert (table.rows_in, table.rows_kept, table.rows_rejected) == (7, 5, 2)
    assert table.notes == (
        "1 blank line was skipped.",
        "1 row has fewer cells than the header: the others are missing (line 4).",
    )


def test_all_rejected_rows_are_counted_and_the_first_thousand_listed(tmp_path: Path) -> None:
    table = read(tmp_path, "a,b\n" + "1,2\n" * 1500 + "1,2,3\n" * 1200)

    assert table.rows_rejected == 1200
    assert len(table.rejected) == 1000
    assert table.rows_in == table.rows_kept + table.rows_rejected == 2700


def test_a_nul_is_rejected(tmp_path: Path) -> None:
    padding = "1,some ordinary text\n" * 4000  # beyond what is looked at to tell text from binary
    table = read(tmp_path, "a,b\n" + padding + "2,x\0y\n3,z\n")

    assert [row.reason for row in table.rejected] == ["it holds a NUL character"]
    assert table.rows_kept == 4001


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "The file is empty"),
        (b"\n\n  \n", "The file is empty"),
        (b"\xef\xbb\xbf", "The file is empty"),
        (b"a,b\n", "has a header but no rows"),
        (b"a,b\n\n", "has a header but no rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "This is a PNG image, not a table"),
        (b"%PDF-1.7\n" + bytes(100), "a PDF document"),
        (b"SQLite format 3\0" + bytes(100), "The database is damaged"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b"  \n<HTML>", "a web page"),
        (bytes(range(256)) * 20, "not a text file"),
        (b"a,b\n1\n2\n3,4\n", "2 of 3 rows do not fit the header (line 2: it has 1 cell"),
        (b'a,b\n1,"x\n2,y\n3,z\n', "Line 2 opens a quote that never closes"),
        (b'"a\n1,2\n', "The header does not read: it opens a quote that never closes"),
        (b",".join(b"c%d" % n for n in range(2001)) + b"\n", "2,001 columns"),
        (b"PAR1" + bytes(100), "does not read as Parquet"),
        (b"PK\x03\x04" + bytes(100), "zip archive is damaged"),
        (b"\x1f\x8b\x08" + bytes(100), "gzip archive is damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "spreadsheet is damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input_gives_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    sentence = refusal(tmp_path, content)

    assert says in sentence
    assert sentence.count("\n") == 0
    assert sentence.endswith(".")


# Other kinds


def test_it_reads_parquet(tmp_path: Path) -> None:
    frame = polars.DataFrame(
        {
            "id": [1, 2],
            "zip": ["00501", None],
            "x": [1.5, float("nan")],
            "day": [date(2026, 11, 23), None],
            "at": [moment("2026-11-23T09:30"), None],
            "price": [Decimal("1.10"), Decimal("2.25")],
            "tags": [["a", "b"], []],
            "ok": [True, False],
        }
    )
    file = io.BytesIO()
    frame.write_parquet(file)

    table = read(tmp_path, file.getvalue(), "table.parquet")

    assert dict(table.columns) == {
        "id": "integer",
        "zip": "string",
        "x": "number",
        "day": "date",
        "at": "datetime",
        "price": "number",
        "tags": "string",
        "ok": "boolean",
    }
    first = [1, "00501", 1.5, "2026-11-23", "2026-11-23T09:30:00", "1.10", '["a","b"]', True]
    assert table.preview == [first, [2, None, None, None, None, "2.25", "[]", False]]
    assert any("nested" in note for note in table.notes)


def test_it_refuses_parquet_without_rows(tmp_path: Path) -> None:
    file = io.BytesIO()
    polars.DataFrame({"a": []}).write_parquet(file)

    assert "no rows" in refusal(tmp_path, file.getvalue(), "t.parquet")


def test_it_reads_an_array_of_objects(tmp_path: Path) -> None:
    text = '[{"a": 1, "b": "00501", "c": 0.10}, {"b": "12", "d": null, "c": 1E2}, 5]'

    table = read(tmp_path, text, "table.json")

    assert table.columns == (("a", "integer"), ("b", "string"), ("c", "number"), ("d", "string"))
    assert table.preview == [[1, "00501", 0.1, None], [None, "12", 100.0, None]]
    assert [(row.line, row.reason) for row in table.rejected] == [(3, "it is not an object")]


def test_it_finds_the_one_list_in_an_object(tmp_path: Path) -> None:
    table = read(tmp_path, '{"count": 1, "results": [{"a": true, "b": [1, {"c": 2}]}]}', "t.json")

    assert table.preview == [[True, '[1, {"c": 2}]']]


def test_json_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = '[{"n": 12345678901234567890.125, "t": "012", "m": 1}, {"n": 1, "t": "13", "m": "x"}]'

    table = read(tmp_path, text, "t.json")

    assert table.columns == (("n", "number"), ("t", "string"), ("m", "string"))
    assert column(table, "n")[0].startswith("12345678901234567890.125")


def test_it_reads_json_lines(tmp_path: Path) -> None:
    text = '{"a": 1}\n\n{"a": 2\n{"a": 3}\n[4]\n{"a": 5}\n'

    table = read(tmp_path, text, "t.jsonl")

    assert column(table, "a") == [1, 3, 5]
    assert [row.line for row in table.rejected] == [3, 5]
    assert table.rejected[0].reason.startswith("it is not JSON")
    assert read(tmp_path, '{"a": 1}\n{"a": 2}\n', "t.json").kind == "ndjson"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a": 1},', "The file is not JSON: line 1"),
        ("[1, 2]", "no objects"),
        ('{"a": "b"', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_it_says_what_is_wrong_with_json(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path, text, "t.json")


def a_workbook(rows: Sequence[Sequence[Any]], *, more_sheets: bool = False) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    if more_sheets:
        book.create_sheet("Second").append(["b"])
        book["Second"].append([7])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_it_reads_a_spreadsheet(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["id", "zip", "day", "at", "mixed", "ok", "x"],
        [1, "00501", date(2026, 11, 23), moment("2026-11-23T09:30"), 1, True, 1.5],
        [None] * 7,
        [2, "10001", None, moment("2026-11-24"), "a", False, None],
    ]

    table = read(tmp_path, a_workbook(rows), "table.xlsx")

    assert [type_ for _, type_ in table.columns] == [
        *("integer", "string", "date", "datetime", "string", "boolean", "number"),
    ]
    assert table.preview == [
        [1, "00501", "2026-11-23", "2026-11-23T09:30:00", "1", True, 1.5],
        [2, "10001", None, "2026-11-24T00:00:00", "a", False, None],
    ]
    assert table.kind == "xlsx"


def test_it_reads_the_sheet_that_is_chosen(tmp_path: Path) -> None:
    book = a_workbook([["a"], [1]], more_sheets=True)

    assert read(tmp_path, book, "t.xlsx", table="Sheet").preview == [[1]]
    assert read(tmp_path, book, "t.xlsx", table="Second").preview == [[7]]


def test_it_names_the_sheets_when_there_is_no_such(tmp_path: Path) -> None:
    book = a_workbook([["a"], [1]], more_sheets=True)

    assert "choose one of Sheet, Second" in refusal(tmp_path, book, "t.xlsx", table="Third")


def test_it_says_when_a_spreadsheet_is_empty(tmp_path: Path) -> None:
    assert "spreadsheet is empty" in refusal(tmp_path, a_workbook([]), "t.xlsx")


# Archives


def a_zip(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_it_reads_a_table_in_a_gzip_file(tmp_path: Path) -> None:
    table = read(tmp_path, gzip.compress(b'{"a": 1}\n'), "t.ndjson.gz")

    assert (table.kind, table.name, table.preview) == ("ndjson", "t.ndjson", [[1]])


def test_it_reads_the_one_table_of_a_zip(tmp_path: Path) -> None:
    packed = a_zip(**{"data/t.csv": PLAIN.encode(), "__MACOSX/data/._t.csv": b"x", ".DS": b"x"})

    table = read(tmp_path, packed, "t.zip")

    assert (table.kind, table.name, table.rows_kept) == ("delimited", "t.csv", 2)


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (a_zip(), "holds 0 files"),
        (a_zip(a=b"x", b=b"y"), "The zip archive holds 2 tables: choose one of a, b, or make"),
        (a_zip(a=a_zip(b=PLAIN.encode())), "archive inside an archive"),
        (gzip.compress(gzip.compress(PLAIN.encode())), "archive inside an archive"),
        (gzip.compress(PLAIN.encode())[:-12], "damaged"),
    ],
    ids=["none", "two", "zip in zip", "gzip in gzip", "cut short"],
)
def test_it_refuses_other_archives(tmp_path: Path, packed: bytes, says: str) -> None:
    assert says in refusal(tmp_path, packed, "t.zip")


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv"])
def test_nothing_is_written_where_an_archive_says(tmp_path: Path, name: str) -> None:
    table = read(tmp_path, a_zip(**{name: PLAIN.encode()}), "t.zip")

    assert table.name == "evil.csv"
    assert list(tmp_path.rglob("*evil*")) == []


@pytest.mark.parametrize("pack", [gzip.compress, lambda raw: a_zip(t=raw)], ids=["gzip", "zip"])
def test_it_stops_an_archive_bomb(tmp_path: Path, pack: Any) -> None:
    limits = IngestLimits(output_bytes=1_000_000)

    sentence = refusal(tmp_path, pack(bytes(50_000_000)), "t.zip", limits=limits)

    assert "unpacks to more than 1,000,000 bytes" in sentence


# Limits


def test_it_says_when_there_was_too_little_memory(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n * 7919 % 1_000_003},row number {n}\n" for n in range(300_000))
    limits = IngestLimits(memory_bytes=16 * 1024**2, output_bytes=20_000_000)

    assert "memory than the limit of 16 MB" in refusal(tmp_path, "a,b,c\n" + rows, limits=limits)


def test_it_says_when_it_took_too_long(tmp_path: Path) -> None:
    limits = IngestLimits(seconds=0.05)

    assert "over 0.05 seconds" in refusal(tmp_path, PLAIN, limits=limits)


def parser_process() -> psutil.Process:
    for _ in range(2000):
        for child in psutil.Process().children():
            if "newsletter.tables.reading.worker" in child.cmdline():
                return child
        time.sleep(0.005)
    raise AssertionError("no parser was started")


def test_a_killed_parser_leaves_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    killer = threading.Thread(target=lambda: os.kill(parser_process().pid, signal.SIGKILL))
    killer.start()

    sentence = refusal(tmp_path, "a,b\n" + "1,2\n" * 1_000_000)

    killer.join()
    assert "broken off" in sentence


def test_the_parser_sees_no_secret_and_nothing_of_its_folder_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    seen: list[dict[str, str]] = []
    watcher = threading.Thread(target=lambda: seen.append(parser_process().environ()))
    watcher.start()

    read(tmp_path, "a,b\n" + "1,2\n" * 100_000)

    watcher.join()
    assert "SECRET_KEY" not in seen[0]
    assert seen[0]["TMPDIR"].startswith(str(tmp_path))


def test_duckdb_reads_nothing_else_and_cannot_be_unlocked(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    (tmp_path / "folder" / "link.csv").symlink_to(secret)
    limits = {"memory_bytes": 10**8, "output_bytes": 10**8}
    connection = worker._connect(tmp_path / "folder", limits)

    for query in (
        f"FROM read_csv('{secret}')",
        f"FROM read_csv('{tmp_path}/folder/../secret.csv')",
        f"FROM read_csv('{tmp_path}/folder/link.csv')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        "FROM read_csv('http://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '9GB'",
        f"ATTACH '{tmp_path}/x.db'",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(query)


@pytest.mark.parametrize(
    "name", ["x'); DROP TABLE data; --", 'a"b', "c0", "source", "{v}", "$v", "select", "🐧", "a\\b"]
)
def test_names_from_a_file_are_only_names(tmp_path: Path, name: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([[name, "other"], ["1", "$v $n {v}"]])

    table = read(tmp_path, text.getvalue())

    assert table.columns[0] == (name, "integer")
    assert table.preview == [[1, "$v $n {v}"]]


def test_the_name_of_the_file_is_only_a_name(tmp_path: Path) -> None:
    table = read(tmp_path, PLAIN, "it's [*]?; $(x).csv")

    assert table.rows_kept == 2


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ue000"), max_size=12)


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_every_cell_of_text_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("cells")
    source = folder / "in.csv"
    with source.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([("left", "right"), *rows])
    options: dict[str, Any] = {
        "table": None,
        "kind": "delimited",
        "encoding": "utf-8",
        "delimiter": ",",
        "decimal": None,
        "header": True,
        "missing_values": [],
        "types": dict.fromkeys(["left", "right"], "string"),
    }
    limits = {"memory_bytes": 10**8, "output_bytes": 10**8}
    request = {"source": str(source), "name": "in.csv", "folder": str(folder)}

    worker.parse(request | {"formats": FORMATS, "options": options, "limits": limits})

    with (folder / "table.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [list(row) for row in rows]
    records = json.loads((folder / "table.json").read_text("utf-8"))
    assert [(record["left"], record["right"]) for record in records] == rows
    assert polars.read_parquet(folder / "table.parquet").rows() == rows


def test_a_large_file_may_take_longer_and_write_more() -> None:
    usual, gigabytes = IngestLimits(), 3 * 1024**3
    assert usual.for_file(1024**2) == usual
    assert usual.for_file(gigabytes).seconds == 384
    assert usual.for_file(gigabytes).output_bytes == 3 * gigabytes
    assert usual.for_file(gigabytes).memory_bytes == usual.memory_bytes


def test_whole_numbers_that_a_browser_would_change_are_texts_in_json(tmp_path: Path) -> None:
    text = "id,small,edge\n1234567890123456789,1,9007199254740991\n2,3,-9007199254740991\n"

    table = read(tmp_path, text)

    assert table.columns == (("id", "integer"), ("small", "integer"), ("edge", "integer"))
    assert json.loads(table.json.path.read_text()) == [
        {"id": "1234567890123456789", "small": 1, "edge": 9007199254740991},
        {"id": "2", "small": 3, "edge": -9007199254740991},
    ]
    assert table.preview[0] == [1234567890123456789, 1, 9007199254740991]
