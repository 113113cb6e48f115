"""Delimited text that DuckDB reads by itself is the table that it is row by row."""

from pathlib import Path
from typing import Any

import polars
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from newsletter.errors import UnreadableTable
from newsletter.tables.reading import worker
from newsletter.tables.reading.readers import delimited, plain_csv
from tests.examples import examples

PLAIN = b"id,name\n1,Ann\n2,Bob\n"
OPTIONS: dict[str, Any] = {
    **dict.fromkeys(("kind", "encoding", "delimiter", "decimal", "header", "table")),
    "missing_values": [""],
    "types": {},
}
LIMITS = {"memory_bytes": 5 * 10**8, "output_bytes": 10**8}


def parsed(folder: Path, content: bytes, **options: Any) -> tuple[Any, Any]:
    """What is told of the table and its rows; or the sentence."""
    folder.mkdir()
    (folder / "in.csv").write_bytes(content)
    request: dict[str, Any] = {
        "source": str(folder / "in.csv"),
        "name": "in.csv",
        "folder": str(folder),
    }
    request |= {"formats": ("parquet",), "limits": LIMITS, "options": OPTIONS | options}
    try:
        outcome = worker.parse(request)
    except UnreadableTable as error:
        return str(error), None
    return outcome, polars.read_parquet(folder / "table.parquet").rows()


PIECES = st.sampled_from(
    ["a", "b", "1", "2.50", "NA", " ", "\t", '"', '""', '" "', ",", ",", ";", "\r\n", "\r", "é"]
    + ["\n"] * 4 + ["\ue000", "\0", "#", "\\"]
)  # fmt: skip
CELLS = st.sampled_from(["", "1", "x", "NA", '""', '"NA"', '"x"', '"y,z"', '"y""z"', " q "])
ROWS = st.lists(CELLS, min_size=3, max_size=3) | st.lists(CELLS, min_size=2, max_size=5)
LINES = st.lists(ROWS, min_size=1, max_size=6).map(
    lambda rows: "".join(",".join(row) + "\n" for row in rows)
)


@settings(max_examples=examples(50), deadline=None, suppress_health_check=list(HealthCheck))
@example(text=",,,", missing=[""], end="\n", mark="")
@example(text='"1",,,\n', missing=[""], end="\r\n", mark="")
@example(text='1,"2",3,NA\n1,2,3\n', missing=["NA"], end="\n", mark="")
@given(
    text=st.lists(PIECES, max_size=12).map("".join) | LINES,
    missing=st.sampled_from([[""], [], ["NA"], ["", "NA"]]),
    end=st.sampled_from(["\n", "\r\n"]),
    mark=st.sampled_from(["", "", "\ufeff"]),
)
def test_it_is_the_same_table_as_row_by_row(
    tmp_path_factory: pytest.TempPathFactory, text: str, missing: list[str], end: str, mark: str
) -> None:
    folder = tmp_path_factory.mktemp("both")
    content = (mark + "h,i,j\n" + text).replace("\n", end).encode()

    quick = parsed(folder / "quick", content, missing_values=missing)
    careful = parsed(folder / "careful", content, missing_values=missing, carefully=True)

    assert quick == careful


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace(b"\n", b"\r\n"),
        PLAIN[:-1],
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.replace(b",", b";"),
        b'id,name\n1,"Ann,""A"""\n2,\n3,""\n',
        "id,name\n1,Zoë\n".encode(),
        b"Sales of 2025\n\nid,name,x\n1,Ann,2\n2,Bob,3\n",
        b"id,name\n" + b"1,Ann\n" * 300_000,
    ],
    ids=[
        *("plain", "CRLF", "no end of the last line", "a mark", "semicolons", "quotes"),
        *("letters", "a title", "more than one chunk"),
    ],
)
def test_a_regular_file_is_not_read_row_by_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.delattr(delimited, "Staging")

    outcome, rows = parsed(tmp_path / "in", content)

    assert outcome["rows_in"] == outcome["rows_kept"] == len(rows)


def surveyed(folder: Path, content: bytes) -> int | None:
    (folder / "in.csv").write_bytes(content)
    newline = "\r\n" if content.splitlines(keepends=True)[0].endswith(b"\r\n") else "\n"
    return plain_csv.survey(folder / "in.csv", 2, ",", ["", "NA"], 1, newline)


@pytest.mark.parametrize("content", [b"a,b\n1,x\n2,\n3,NA\n4,y", b'a,b\n1,"x,"\n2,\n"3,",""\n4,y'])
def test_the_rows_are_counted(tmp_path: Path, content: bytes) -> None:
    assert surveyed(tmp_path, content) == 4
    assert surveyed(tmp_path, content.replace(b"\n", b"\r\n")) == 4


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n",
        b"a,b\n1,x\ry\n",
        b"a,b\n1,x\r\n",
        b"a,b\r\n1,x\n",
        b'a,b\n1, "x"\n',
        b'a,b\n1,"x" \n',
        b"a,b\n1,\0\n",
        "a,b\n1,\ue000\n".encode(),
        b"a,b\n1,\xff\n",
        b"a,b\n1,x\n,,\n",
        b"a,b\n1,,,\n",
        b"a,b\n1,x,NA\n",
        b'a,b\n1,"x"\n2,"y",\n',
        b'a,b\n1,"",""\n',
        b'a,b\n"1,",NA,\n',
    ],
)
def test_what_duckdb_would_read_otherwise_is_seen(tmp_path: Path, content: bytes) -> None:
    assert surveyed(tmp_path, content) is None


@pytest.mark.parametrize("size", [plain_csv.LONGEST - 3, plain_csv.LONGEST + 1])
def test_a_cell_that_is_too_long_is_rejected_either_way(tmp_path: Path, size: int) -> None:
    content = b"a,b\n1," + b"x" * size + b"\n2,y\n3,z\n"

    outcome, rows = parsed(tmp_path / "in", content)

    assert outcome["rows_in"] == 3
    assert [line for line, _ in outcome["rejected"]] == ([2] if size > plain_csv.LONGEST else [])
    assert rows[-2:] == [(2, "y"), (3, "z")]


def test_a_wrong_row_far_down_is_still_told_by_its_line(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,x\n" * 200_000 + b"1,x,y\n" + b"2,y\n" * 10

    outcome, rows = parsed(tmp_path / "in", content)

    assert outcome["rejected"] == [(200_002, "it has 3 cells where the header has 2")]
    assert (outcome["rows_in"], len(rows)) == (200_011, 200_010)


def test_a_value_far_down_changes_the_type(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,2020-01-01\n" * 200_000 + b"007,x\n"

    outcome, rows = parsed(tmp_path / "in", content)

    assert outcome["columns"] == [("a", "string"), ("b", "string")]
    assert rows[-1] == ("007", "x")


def test_a_column_whose_values_begin_far_down_gets_their_type(tmp_path: Path) -> None:
    content = b"a,b\n" + b"1,\n" * 2_000 + b"2,3\n"

    outcome, rows = parsed(tmp_path / "in", content)

    assert outcome["columns"] == [("a", "integer"), ("b", "integer")]
    assert rows[-1] == (2, 3)


@pytest.mark.parametrize("width", [60, 300])
def test_a_wide_table_has_the_types_of_a_narrow_one(tmp_path: Path, width: int) -> None:
    cells = ["1", "2.5", "x", "2020-01-01", "007"] * (width // 5)
    row = ",".join(cells).encode() + b"\n"
    header = ",".join(f"c{at}" for at in range(width)).encode() + b"\n"

    outcome, _ = parsed(tmp_path / "in", header + row * 3)

    kinds = ["integer", "number", "string", "date", "string"] * (width // 5)
    assert [type_ for _, type_ in outcome["columns"]] == kinds


def test_a_wide_table_with_a_row_too_long_is_read_row_by_row(tmp_path: Path) -> None:
    row = b",".join([b"1"] * 100) + b"\n"
    header = ",".join(f"c{at}" for at in range(100)).encode() + b"\n"

    outcome, rows = parsed(tmp_path / "in", header + row + row[:-1] + b",1\n" + row * 3)

    assert (outcome["rows_kept"], outcome["rows_rejected"]) == (4, 1)
    assert rows == [(1,) * 100] * 4
