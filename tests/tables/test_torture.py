"""A hundred files that nobody should send, and that come all the same.

Each gives the right table or one clear sentence, and leaves nothing behind.
"""

import gzip
import io
import sqlite3
import stat
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import polars
import pyarrow as pa
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from pyarrow import feather, ipc, parquet

from newsletter.errors import UnreadableTable
from newsletter.tables.ingest import Ingested, IngestLimits, IngestOptions, ingest

PLAIN = b"id,name\n1,Ann\n2,Bob\n"
ROWS = [[1, "Ann"], [2, "Bob"]]
UNPACKED_AT_MOST = 30 * 1024**2
LIMITS = IngestLimits(output_bytes=UNPACKED_AT_MOST)
# Nothing of the machinery is shown to a person.
INNARDS = ("Traceback", "Error:", "Exception", "duckdb", "/tmp", "pyarrow", "calamine")


@dataclass(frozen=True)
class Case:
    """A nasty file, and either its rows (``names`` and ``types`` of the columns, and the
    lines that are ``rejected``, where they matter) or what the sentence ``says``."""

    make: Callable[[], bytes] | bytes | str
    rows: Sequence[Sequence[Any]] | None = None
    says: str | None = None
    names: Sequence[str] | None = None
    types: Sequence[str] | None = None
    rejected: Sequence[int] = ()
    note: str = ""
    file: str = "table.csv"
    options: dict[str, Any] | None = None


def zstd(content: bytes) -> bytes:
    return bytes(pa.compress(content, "zstd", asbytes=True))


def excel(*rows: Sequence[Any], epoch: Any = None, edit: Callable[[Any], object] = id) -> bytes:
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    for row in rows:
        book.worksheets[0].append(row)
    edit(book.worksheets[0])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def damaged_excel() -> bytes:
    """Whole, but for one byte of its sheet."""
    whole = excel(["id", "name"], [1, "Ann"])
    with zipfile.ZipFile(io.BytesIO(whole)) as book:
        sheet = book.getinfo("xl/worksheets/sheet1.xml")
    at = sheet.header_offset + 30 + len(sheet.filename) + sheet.compress_size // 2
    return whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]


def zipped(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def linked_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        entry = zipfile.ZipInfo("table.csv")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return file.getvalue()


def tarred(name: str, content: bytes = PLAIN, type_: bytes = tarfile.REGTYPE) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = type_, "/etc/passwd"
        entry.size = len(content) if type_ == tarfile.REGTYPE else 0
        archive.addfile(entry, io.BytesIO(content))
    return file.getvalue()


def locked_zip() -> bytes:
    """A zip that says that its one file is encrypted."""
    raw = bytearray(zipped(**{"t.csv": PLAIN}))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def parquet_of(frame: polars.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


def arrow_of(table: pa.Table, *, stream: bool = False) -> bytes:
    file = io.BytesIO()
    with (ipc.new_stream if stream else ipc.new_file)(file, table.schema) as writer:
        writer.write_table(table)
    return file.getvalue()


def old_feather() -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        feather.write_feather(pa.table({"a": [1, None], "b": ["x", "y"]}), file, version=1)
    return file.getvalue()


def nested_parquet() -> bytes:
    file = io.BytesIO()
    table = pa.table({"s": [{"a": 1, "b": [2]}], "m": pa.array([[("k", 1)]], PAIRS)})
    parquet.write_table(table, file)
    return file.getvalue()


PAIRS = pa.map_(pa.string(), pa.int64())


def database(script: str) -> bytes:
    with sqlite3.connect(":memory:") as made:
        made.executescript(script)
        return made.serialize()


def damaged_database() -> bytes:
    filler = "x" * 500
    raw = bytearray(
        database(
            "CREATE TABLE t (a, b);"
            + "".join(f"INSERT INTO t VALUES ({n}, '{filler}');" for n in range(200))
        )
    )
    raw[8192:16384] = b"\xff" * 8192
    return bytes(raw)


def locked_excel() -> bytes:
    """An OLE container as Office writes for a workbook with a password."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    head += struct.pack("<I", 0) + b"\xff" * 432
    fat = struct.pack("<III", 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE) + b"\xff" * 500
    entries = b""
    for name, kind, child in (("Root Entry", 5, 1), ("EncryptedPackage", 2, -1)):
        raw = name.encode("utf-16-le")
        entry = raw.ljust(64, b"\0") + struct.pack("<HBB", len(raw) + 2, kind, 1)
        entry += struct.pack("<iii", -1, -1, child) + bytes(36)
        start = 0xFFFFFFFE
        entries += entry + struct.pack("<IQ", start, 0)
    return head + fat + entries.ljust(512, b"\0")


@cache
def with_a_quote_at(row: int, rows: int) -> bytes:
    lines = [f"{n},some words\n" for n in range(rows)]
    lines[row] = f'{row},"some words\n'
    return ("n,t\n" + "".join(lines)).encode()


def dated_twice() -> str:
    return "n,d\n1,2026-01-31\n2,31.01.2026\n"


CSV_CASES = {
    "nothing": Case(b"", says="The file is empty"),
    "a mark and nothing": Case(b"\xef\xbb\xbf", says="The file is empty"),
    "a header only": Case("a,b\n", says="a header but no rows"),
    "blank lines only": Case("\n\n \n", says="The file is empty"),
    "one column": Case("word\nb\na\n", [["b"], ["a"]]),
    "one cell": Case("word", says="a header but no rows"),
    "5,000 columns": Case(
        ",".join(f"c{n}" for n in range(5000)) + "\n", says="5,000 columns and 2,000 are the most"
    ),
    "2,000 columns": Case(
        lambda: (",".join(f"c{n}" for n in range(2000)) + "\n" + "7," * 1999 + "7\n").encode(),
        [[7] * 2000],
    ),
    "a cell of 1 MB": Case(
        lambda: b"a,b\n1," + b"x" * 1024**2 + b"\n2,y\n", [[1, "x" * 1024**2], [2, "y"]]
    ),
    "a cell over 1 MB": Case(
        lambda: b"a,b\n1," + b"x" * (1024**2 + 1) + b"\n2,y\n3,z\n",
        [[2, "y"], [3, "z"]],
        rejected=[2],
    ),
    "a header of 1 MB": Case(
        lambda: b"a," + b"x" * 1024**2 + b"\n1,2\n", [[1, 2]], names=["a", "x" * 255]
    ),
    "a header over 1 MB": Case(
        lambda: b"a," + b"x" * (1024**2 + 1) + b"\n1,2\n", says="a cell is longer than 1,048,576"
    ),
    "a NUL": Case("a,b\n1,x\0y\n2,z\n3,w\n", [[2, "z"], [3, "w"]], rejected=[2]),
    "mixed line ends": Case("a,b\r\n1,x\n2,y\r3,z\r\n", [[1, "x"], [2, "y"], [3, "z"]]),
    "lone CR": Case("a,b\r1,x\r2,y", [[1, "x"], [2, "y"]]),
    "a quote that never closes": Case(
        lambda: with_a_quote_at(89_990, 90_000),
        says="Line 89992 opens a quote that never closes, and 9 more lines would be lost",
    ),
    "a quote at row 900,000 of a million": Case(
        lambda: with_a_quote_at(899_999, 1_000_000), says="Line 900001 opens a quote that does not"
    ),
    "a quote that closes in another row": Case(
        'n,t\n1,"abc\n2,def\n3,"ghi"\n4,x\n',
        says="Line 2 opens a quote that closes in the middle of a cell, and 2 more lines",
    ),
    "names twice": Case("a,A,a\n1,2,3\n", [[1, 2, 3]], names=["a", "A_2", "a_3"]),
    "names empty": Case("a,,\n1,2,3\n", [[1, 2, 3]], names=["a", "column_2", "column_3"]),
    "names of spaces": Case("a,  ,b\n1,2,3\n", [[1, 2, 3]], names=["a", "column_2", "b"]),
    "a name of 10,000 characters": Case(
        "a," + "n" * 10_000 + "\n1,2\n", [[1, 2]], names=["a", "n" * 255], note="10,000 characters"
    ),
    "a name that is SQL": Case(
        'a,"x\'); DROP TABLE data; --"\n1,2\n', [[1, 2]], names=["a", "x'); DROP TABLE data; --"]
    ),
    "a name that is HTML": Case(
        "a,<script>alert(1)</script>\n1,2\n", [[1, 2]], names=["a", "<script>alert(1)</script>"]
    ),
    "a name from right to left": Case("מזהה,שם\n1,x\n", [[1, "x"]], names=["מזהה", "שם"]),
    "UTF-16 without a mark": Case("a,b\n1,Zoë\n".encode("utf-16-le"), [[1, "Zoë"]]),
    "UTF-16 without a mark, of Chinese": Case(
        "甲,乙\n1,東京\n2,大阪\n".encode("utf-16-be"), [[1, "東京"], [2, "大阪"]]
    ),
    "UTF-16 cut in half": Case("a,b\n1,x\n".encode("utf-16")[:-1], says="does not read as utf-16"),
    "UTF-32": Case("a,b\n1,Zoë\n".encode("utf-32"), [[1, "Zoë"]]),
    "UTF-32 without a mark": Case("a,b\n1,Zoë\n".encode("utf-32-be"), [[1, "Zoë"]]),
    "two marks": Case(b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,x\n", [[1, "x"]], names=["a", "b"]),
    "Latin-1 in the middle of UTF-8": Case(
        "a,b\n1,Zoë é ü ö\n".encode() + "2,Zoë\n".encode("latin-1") + b"3,x\n",
        [[1, "Zoë é ü ö"], [3, "x"]],
        rejected=[3],
    ),
    "a header that is not of its encoding": Case(
        "naïve,b\n".encode("latin-1") + "1,Zoë é ü ö à ñ\n".encode(),
        says="The header does not read: it holds bytes that are not utf-8; state the encoding",
    ),
    "a wrong encoding stated": Case(
        "a,b\n1,é\n2,x\n3,y\n", [[2, "x"], [3, "y"]], rejected=[2], options={"encoding": "ascii"}
    ),
    "a decimal comma with points for thousands": Case(
        "a;b\n1.234,56;x\n-7,5;y\n", [[1234.56, "x"], [-7.5, "y"]], note="decimal comma"
    ),
    "commas for thousands": Case('a,b\n"1,234,567",x\n12,y\n', [[1234567, "x"], [12, "y"]]),
    "spaces for thousands": Case("a;b\n1 234,5;x\n12;y\n", [[1234.5, "x"], [12.0, "y"]]),
    "narrow spaces for thousands": Case("a;b\n1\u202f234;x\n12;y\n", [[1234, "x"], [12, "y"]]),
    "ticks for thousands": Case("a;b\n1'234.5;x\n12;y\n", [[1234.5, "x"], [12.0, "y"]]),
    "what may be thousands": Case("a;b\n1,234;x\n5,678;y\n", [["1,234", "x"], ["5,678", "y"]]),
    "codes with a space": Case("a;b\n110 001;x\n560 001;y\n", [["110 001", "x"], ["560 001", "y"]]),
    "a delimiter at the end": Case("a,b,\n1,x,\n2,y,\n", [[1, "x", None], [2, "y", None]]),
    "a delimiter at the end of rows only": Case(
        "a,b\n1,x,\n2,y,\n", [[1, "x"], [2, "y"]], note="2 rows end in empty cells"
    ),
    "ragged rows": Case(
        "a,b\n1\n2,y\n3,z,w\n4,v\n5,u\n",
        [[1, None], [2, "y"], [4, "v"], [5, "u"]],
        rejected=[4],
        note="1 row has fewer cells than the header: the others are missing (line 2).",
    ),
    "mostly ragged rows": Case("a,b\n1\n2\n3,x\n", says="2 of 3 rows do not fit the header"),
    "quotes in unquoted cells": Case('a,b\n1,5" pipe\n2,x"y\n', [[1, '5" pipe'], [2, 'x"y']]),
    "quotes after a backslash": Case(
        'a,b\n1,"say \\"hi\\" now"\n2,"C:\\new"\n', [[1, 'say "hi" now'], [2, "C:\\new"]]
    ),
    "doubled quotes after a backslash": Case(
        'a,b\n1,"C:\\""x"" now"\n2,y\n', [[1, 'C:\\"x" now'], [2, "y"]]
    ),
    "a backslash before the closing quote": Case('a,b\n1,"C:\\"\n2,x\n', [[1, "C:\\"], [2, "x"]]),
    "the line of Excel": Case("sep=;\na;b\n1;x\n", [[1, "x"]], names=["a", "b"]),
    "a mark and the line of Excel": Case(b"\xef\xbb\xbfsep=|\r\na|b\r\n1|x\r\n", [[1, "x"]]),
    "comments on top": Case(
        "# made by us\n#, on Monday\na,b\n1,x\n",
        [[1, "x"]],
        names=["a", "b"],
        note="Above the header 2 lines were set apart: made by us / on Monday",
    ),
    "a header after a sign": Case(
        "##v=1\n#CHROM\tPOS\n1\t100\n2\t200\n", [[1, 100], [2, 200]], names=["#CHROM", "POS"]
    ),
    "cells with a number sign": Case(
        "#name,city\nAnn,Rome\n", [["Ann", "Rome"]], names=["#name", "city"]
    ),
    "a comment among the rows": Case(
        "a,b\n1,x\n# so far\n2,y\n3,z\n", [[1, "x"], [2, "y"], [3, "z"]], rejected=[3]
    ),
    "a title above": Case(
        "Sales of 2025\n\na,b,c\n1,x,3\n2,y,4\n", [[1, "x", 3], [2, "y", 4]], names=["a", "b", "c"]
    ),
    "a padded title above": Case(
        "Sales,,\n,,\na,b,c\n1,x,3\n2,y,4\n", [[1, "x", 3], [2, "y", 4]], names=["a", "b", "c"]
    ),
    "two rows of header": Case(
        "who,Size,,Age\n,h,w,years\nAnn,1.5,60,30\nBob,1.6,70,31\nCy,1.7,80,32\n",
        [["Ann", 1.5, 60, 30], ["Bob", 1.6, 70, 31], ["Cy", 1.7, 80, 32]],
        names=["who", "Size h", "Size w", "Age years"],
        note="The first 2 rows were read as the header",
    ),
    "a first row of unknowns": Case(
        "who,h,w\nAnn,NA,-\nBob,1,2\nCy,3,4\nDi,5,6\n",
        [["Ann", None, None], ["Bob", 1, 2], ["Cy", 3, 4], ["Di", 5, 6]],
    ),
    "three rows of header, stated": Case(
        "a,b\nx,y\nm,s\n1,2\n", [[1, 2]], names=["a x m", "b y s"], options={"header": 3}
    ),
    "no header": Case("1,x\n2,y\n", [[1, "x"], [2, "y"]], names=["column_1", "column_2"]),
    "a delimiter of control characters": Case("a\x1fb\n1\x1fx,y\n", [[1, "x,y"]]),
    "a delimiter of one's own": Case(
        "a::b\n", says="a header but no rows", options={"delimiter": ":"}
    ),
    "dates in two formats": Case(
        dated_twice().encode(), [[1, "2026-01-31"], [2, "31.01.2026"]], types=["integer", "string"]
    ),
    "dates that do not exist": Case("n,d\n1,2026-02-30\n", [[1, "2026-02-30"]]),
    "numbers over 64 bits": Case(
        "n,s\n18446744073709551616,x\n",
        [["18446744073709551616", "x"]],
        types=["integer", "string"],
    ),
    "a number over 38 digits": Case(f"n,s\n{'9' * 39},x\n", [["9" * 39, "x"]]),
    "1e400": Case("n,s\n1e400,x\n", [["1e400", "x"]]),
    "-0 and +5": Case("n,m\n-0,+5\n", [[0, 5]], types=["integer", "integer"]),
    "leading zeros": Case("n,m\n007,1\n", [["007", 1]]),
    "booleans in five languages": Case(
        "n,b\n1,ja\n2,oui\n3,sí\n4,да\n5,yes\n",
        [[1, "ja"], [2, "oui"], [3, "sí"], [4, "да"], [5, "yes"]],
    ),
    "times across a change of clocks": Case(
        "n,t\n1,2026-03-29T01:30:00+01:00\n2,2026-03-29T03:30:00+02:00\n",
        [[1, "2026-03-29T00:30:00Z"], [2, "2026-03-29T01:30:00Z"]],
    ),
    "lists as JSON text": Case('n,l\n1,"[1, 2]"\n2,[]\n', [[1, "[1, 2]"], [2, "[]"]]),
    "cells that look like formulas": Case(
        "n,f\n1,=1+1\n2,@SUM(A1)\n", [[1, "=1+1"], [2, "@SUM(A1)"]]
    ),
    "words for nothing": Case("n,w\n1,NULL\n2,N/A\n3,\n", [[1, "NULL"], [2, "N/A"], [3, None]]),
    "columns of nothing": Case("n,e\n1,\n2,\n", [[1, None], [2, None]]),
    "a private character": Case("a,b\n1,\ue000\n2,x\n3,y\n", [[2, "x"], [3, "y"]], rejected=[2]),
    "a web page": Case("<html><table><tr><td>1</td></tr></table>", says="a web page, not a table"),
    "a pointer of Git LFS": Case(
        "version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 1\n", says="Git LFS"
    ),
    "an error of a store": Case(
        '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>',
        says="(AccessDenied), not a table",
    ),
    "an error in JSON": Case(
        '{"message": "Not Found", "status": "404"}',
        says="server answered (Not Found)",
        file="t.json",
    ),
    "an error with a code": Case(
        '{"error": {"code": 400, "message": "no"}}', says="(no), not a", file="t.json"
    ),
    "a PDF": Case(b"%PDF-1.7\n%\xe2\xe3\n", says="a PDF document, not a table"),
    "noise": Case(bytes(range(256)) * 64, says="not a text file"),
}
JSON_CASES = {
    "JSON with a key twice": Case(
        '[{"a": 1, "a": 2}, {"a": 3}]', [[3]], rejected=[1], file="t.json"
    ),
    "JSON with NaN": Case('[{"a": NaN}, {"a": 1.5}]', [[None], [1.5]], file="t.json"),
    "JSON nested too deeply": Case("[" * 50_000, says="nested too deeply", file="t.json"),
    "JSON with a nest in a cell": Case(
        '[{"a": {"b": [1]}}]', [["[1]"]], names=["a.b"], file="t.json"
    ),
    "JSON with huge numbers": Case(
        '[{"a": 1e999, "b": 123456789012345678901}]',
        [["1e999", "123456789012345678901"]],
        file="t.json",
    ),
    "JSON with a number of 5,000 digits": Case(
        '[{"a": ' + "9" * 5000 + "}]", says="more than 4,300 digits", file="t.json"
    ),
    "JSON with half a character": Case(
        '[{"a": "\\ud800"}, {"a": "x"}]', [["x"]], rejected=[1], file="t.json"
    ),
    "JSON with a NUL": Case('[{"a": "\\u0000"}, {"a": "x"}]', [["x"]], rejected=[1], file="t.json"),
    "JSON cut short": Case('[{"a": 1}, {"a"', says="The file is not JSON: line 1", file="t.json"),
    "JSON of another encoding": Case(
        '[{"a": "é"}]'.encode("latin-1"), says="not UTF-8, so state", file="t.json"
    ),
    "JSON of another encoding, stated": Case(
        '[{"a": "é"}]'.encode("latin-1"), [["é"]], file="t.json", options={"encoding": "latin-1"}
    ),
    "JSON in UTF-16": Case('[{"a": "é"}]'.encode("utf-16"), [["é"]], file="t.json"),
    "JSON of numbers": Case("[1, 2]", says="holds no objects", file="t.json"),
    "NDJSON with a broken line": Case(
        '{"a": 1}\n{"a": \n{"a": 3}\n', [[1], [3]], rejected=[2], file="t.ndjson"
    ),
    "NDJSON with a damaged line": Case(
        b'{"a": "x"}\n{"a": "\xff"}\n{"a": "y"}\n', [["x"], ["y"]], rejected=[2], file="t.ndjson"
    ),
}
SHEET_CASES = {
    "dates of 1900": Case(
        lambda: excel(["d", "n"], [date(2026, 11, 23), 1]), [["2026-11-23", 1]], file="t.xlsx"
    ),
    "dates of 1904": Case(
        lambda: excel(["d", "n"], [date(2026, 11, 23), 1], epoch=CALENDAR_MAC_1904),
        [["2026-11-23", 1]],
        file="t.xlsx",
    ),
    "error cells": Case(
        lambda: excel(["a", "b"], ["#DIV/0!", 1], ["#N/A", 2]),
        [[None, 1], [None, 2]],
        note="2 cells of the spreadsheet held an error",
        file="t.xlsx",
    ),
    "merged cells": Case(
        lambda: excel(["a", "b"], ["x", 1], [None, 2], edit=lambda s: s.merge_cells("A2:A3")),
        [["x", 1], [None, 2]],
        note="merged cells",
        file="t.xlsx",
    ),
    "merged cells in the header": Case(
        lambda: excel(
            ["Who", "Size", None],
            [None, "h", "w"],
            ["Ann", 1, 2],
            ["Bo", 3, 4],
            ["Cy", 5, 6],
            edit=lambda s: s.merge_cells("B1:C1"),
        ),
        [["Ann", 1, 2], ["Bo", 3, 4], ["Cy", 5, 6]],
        names=["Who", "Size h", "Size w"],
        file="t.xlsx",
    ),
    "a title in a sheet": Case(
        lambda: excel(["Sales of 2025", None, None], ["a", "b", "c"], [1, "x", 2]),
        [[1, "x", 2]],
        names=["a", "b", "c"],
        file="t.xlsx",
    ),
    "zeros and long numbers in a sheet": Case(
        lambda: excel(["a", "b"], ["007", "12345678901234567890"]),
        [["007", "12345678901234567890"]],
        file="t.xlsx",
    ),
    "a formula in a sheet": Case(
        lambda: excel(["a", "b"], ["x", "=1+1"]), [["x", None]], file="t.xlsx"
    ),
    "an empty sheet": Case(lambda: excel(), says="The spreadsheet is empty", file="t.xlsx"),
    "a sheet of a header": Case(
        lambda: excel(["a", "b"]), says="a header but no rows", file="t.xlsx"
    ),
    "a truncated workbook": Case(lambda: excel(["a"], [1])[:-300], says="damaged", file="t.xlsx"),
    "a workbook with a damaged sheet": Case(
        damaged_excel, says="spreadsheet is damaged", file="t.xlsx"
    ),
    "an old workbook without its last byte": Case(
        lambda: (Path(__file__).parent / "files" / "gnumeric.xls").read_bytes()[:-1],
        says="spreadsheet is damaged",
        file="t.xls",
    ),
    "a locked workbook": Case(locked_excel, says="The spreadsheet has a password", file="t.xlsx"),
    "an old workbook of noise": Case(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x07" * 4000, says="damaged", file="t.xls"
    ),
}
PACKED_CASES = {
    "a zip in a zip": Case(lambda: zipped(a=zipped(b=PLAIN)), says="archive inside an archive"),
    "a gzip in a gzip": Case(lambda: gzip.compress(gzip.compress(PLAIN)), says="archive inside"),
    "a zip bomb": Case(lambda: zipped(a=bytes(2 * UNPACKED_AT_MOST)), says="unpacks to more than"),
    "a gzip bomb": Case(lambda: gzip.compress(bytes(2 * UNPACKED_AT_MOST)), says="unpacks to more"),
    "a zstd bomb": Case(lambda: zstd(bytes(2 * UNPACKED_AT_MOST)), says="unpacks to more than"),
    "a zstd of two frames": Case(lambda: zstd(PLAIN[:14]) + zstd(PLAIN[14:]), ROWS),
    "noise after a zstd": Case(lambda: zstd(PLAIN) + b"noise", says="zstd archive is damaged"),
    "a zstd frame that wants 2 GB of memory": Case(
        b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00", says="zstd archive is damaged"
    ),
    "a link in a zip": Case(linked_zip, says="holds a link"),
    "a link in a tar": Case(lambda: tarred("t.csv", type_=tarfile.SYMTYPE), says="holds a link"),
    "a hard link in a tar": Case(lambda: tarred("t.csv", type_=tarfile.LNKTYPE), says="a link"),
    "a device in a tar": Case(lambda: tarred("t.csv", type_=tarfile.CHRTYPE), says="holds a link"),
    "an absolute path in a zip": Case(lambda: zipped(**{"/etc/evil.csv": PLAIN}), ROWS),
    "a climbing path in a zip": Case(lambda: zipped(**{"../../evil.csv": PLAIN}), ROWS),
    "an absolute path in a tar": Case(lambda: tarred("/etc/evil.csv"), ROWS),
    "a climbing path in a tar": Case(lambda: gzip.compress(tarred("../../evil.csv")), ROWS),
    "a truncated gzip": Case(lambda: gzip.compress(PLAIN)[:-9], says="gzip archive is damaged"),
    "a truncated zip": Case(lambda: zipped(a=PLAIN)[:-30], says="zip archive is damaged"),
    "a truncated zstd": Case(lambda: zstd(PLAIN * 99)[:-5], says="damaged"),
    "a truncated tar": Case(lambda: tarred("t.csv", PLAIN * 999)[:9000], says="tar archive is"),
    "a zip with a password": Case(locked_zip, says="has a password: pack it without one"),
    "a zip of nothing": Case(lambda: zipped(), says="holds 0 files"),
    "a zip with words beside the table": Case(
        lambda: zipped(**{"data/t.csv": PLAIN, "README.md": b"# words"}), ROWS, note="README.md"
    ),
    "a table that is not there": Case(
        lambda: zipped(**{"a.csv": PLAIN, "b.csv": PLAIN}),
        options={"table": "c.csv"},
        says="holds no table 'c.csv': choose one of a.csv, b.csv.",
    ),
    "a choice where there is none": Case(PLAIN, says="holds one table", options={"table": "x"}),
}
BINARY_CASES = {
    "nested Parquet": Case(
        nested_parquet, [['{"a":1,"b":[2]}', '{"k":1}']], note="nested", file="t.parquet"
    ),
    "truncated Parquet": Case(
        lambda: parquet_of(polars.DataFrame({"a": [1]}))[:-20], says="as Parquet", file="t.parquet"
    ),
    "Parquet damaged inside": Case(
        lambda: b"PAR1" + b"\xff" * 40 + parquet_of(polars.DataFrame({"a": [1] * 99}))[44:],
        says="as Parquet",
        file="t.parquet",
    ),
    "Parquet without rows": Case(
        lambda: parquet_of(polars.DataFrame({"a": []})), says="no rows", file="t.parquet"
    ),
    "Feather version 1": Case(old_feather, [[1, "x"], [None, "y"]], file="t.feather"),
    "Arrow with types of its own": Case(
        lambda: arrow_of(
            pa.table(
                {
                    "d": pa.array(["x", "y"]).dictionary_encode(),
                    "l": [[1, 2], None],
                    "t": pa.array(
                        [datetime(2026, 3, 29, 1, tzinfo=UTC)] * 2,
                        pa.timestamp("us", "Europe/Rome"),
                    ),
                    "w": pa.array([b"\xff", None]),
                    "h": pa.array([1.5, None], pa.float16()),
                }
            )
        ),
        [
            ["x", "[1,2]", "2026-03-29T01:00:00Z", "FF", 1.5],
            ["y", None, "2026-03-29T01:00:00Z", None, None],
        ],
        file="t.arrow",
    ),
    "truncated Arrow": Case(
        lambda: arrow_of(pa.table({"a": [1]}))[:-30], says="does not read as Arrow", file="t.arrow"
    ),
    "a truncated Arrow stream": Case(
        lambda: arrow_of(pa.table({"a": [1] * 99}), stream=True)[:300],
        says="as Arrow",
        file="t.arrows",
    ),
    "Arrow whose text is not": Case(
        lambda: arrow_of(pa.table({"a": ["aaaa"]})).replace(b"aaaa", b"\xff\xfe\xff\xfe"),
        says="does not read as Arrow",
        file="t.arrow",
    ),
    "an SQLite view and trigger": Case(
        lambda: database(
            "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x');"
            "CREATE VIEW evil AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r)"
            " SELECT n AS a, load_extension('/x') AS b FROM r;"
            "CREATE TRIGGER boom BEFORE INSERT ON t BEGIN SELECT writefile('/tmp/x', 'y'); END;"
        ),
        [[1, "x"]],
        file="t.db",
    ),
    "an SQLite database of views": Case(
        lambda: database("CREATE VIEW v AS SELECT 1"), says="holds no tables", file="t.db"
    ),
    "an SQLite database of an empty table": Case(
        lambda: database("CREATE TABLE t (a)"), says="no rows", file="t.db"
    ),
    "an SQLite database with a damaged page": Case(
        damaged_database, says="The database is damaged", file="t.db"
    ),
    "an SQLite database cut short": Case(
        lambda: database("CREATE TABLE t (a); INSERT INTO t VALUES (1)")[:3000],
        says="damaged",
        file="t.db",
    ),
    "SQLite cells of every class": Case(
        lambda: database(
            "CREATE TABLE t (a, b, c); INSERT INTO t VALUES (9223372036854775807, x'ff00', '007');"
            "INSERT INTO t VALUES (NULL, NULL, CAST(x'fffe' AS TEXT));"
            "INSERT INTO t VALUES (-1, NULL, '12');"
        ),
        [[9223372036854775807, "ff00", "007"], [-1, None, "12"]],
        rejected=[2],
        file="t.db",
    ),
    "an R data file": Case(
        lambda: gzip.compress(b"RDX3\nX\n\0\0\0\3"), says="does not read as data of R"
    ),
    "a Stata file": Case(
        b"<stata_dta><header>", says="does not read as one of Stata", file="t.dta"
    ),
}
CASES = CSV_CASES | JSON_CASES | SHEET_CASES | PACKED_CASES | BINARY_CASES


def test_the_set_is_large_enough() -> None:
    assert len(CASES) >= 100
    assert sum(case.says is None for case in CASES.values()) >= 50
    assert sum(case.says is not None for case in CASES.values()) >= 40


@pytest.mark.parametrize("name", CASES)
def test_a_nasty_file_gives_the_right_table_or_one_clear_sentence(
    tmp_path: Path, name: str
) -> None:
    case = CASES[name]
    source = tmp_path / case.file
    content = case.make() if callable(case.make) else case.make
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    work = tmp_path / "work"
    work.mkdir()
    options = IngestOptions(limits=LIMITS, **(case.options or {}))
    if case.says is not None:
        with pytest.raises(UnreadableTable) as caught:
            ingest(source, work, options)
        check_sentence(str(caught.value), case.says)
        assert list(work.iterdir()) == []
    else:
        check_table(ingest(source, work, options), case)
        assert len(list(work.iterdir())) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([case.file, "work"])


def check_sentence(sentence: str, says: str) -> None:
    assert says in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 300
    assert "\n" not in sentence
    assert not [word for word in INNARDS if word in sentence]


def check_table(table: Ingested, case: Case) -> None:
    assert table.preview == case.rows
    if case.names is not None:
        assert [name for name, _ in table.columns] == case.names
    if case.types is not None:
        assert [type_ for _, type_ in table.columns] == case.types
    assert [row.line for row in table.rejected] == list(case.rejected)
    assert table.rows_in == table.rows_kept + table.rows_rejected
    assert table.rows_kept == len(case.rows or ())
    assert case.note in " ".join(table.notes)
