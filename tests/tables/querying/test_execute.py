"""Rows of a table in pages, straight from the file and from memory: both must say the same."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from newsletter.errors import Busy, Invalid
from newsletter.host.low_priority import NICENESS, LowPriorityThreads
from newsletter.tables.querying import execute, table_cache
from newsletter.tables.querying.table_cache import Shelf
from newsletter.tables.querying.table_query import Question, asked
from tests.waiting import PATIENCE

COLUMNS = [
    ("name", "string"),
    ('si"ze', "number"),
    ("legs", "integer"),
    ("born", "date"),
    ("seen", "datetime"),
    ("tame", "boolean"),
    ("tags", "list"),
    ("text", "string"),
]
ROWS = """
    ('Ann', 1.5, 2, DATE '2020-01-05', TIMESTAMP '2026-11-23 09:00:00', true, ['a', 'b'], '100%'),
    ('ben', 'nan'::DOUBLE, 4, NULL, TIMESTAMP '2026-11-23 23:59:59', false, [], '_'),
    ('Cem', 2.5, 4, DATE '2021-06-01', TIMESTAMP '2026-11-24 00:00:00', NULL, ['B'], NULL),
    (NULL, -3, 9007199254740993, DATE '2019-12-31', NULL, true, NULL, 'ANNA')
"""


@pytest.fixture(params=["file", "memory"])
def tables(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shelf]:
    if request.param == "file":
        monkeypatch.setattr(table_cache, "KEPT_CELLS", 0)
    opened = Shelf(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "t.parquet"
    names = ", ".join(f'"{name.replace(chr(34), chr(34) * 2)}"' for name, _ in COLUMNS)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * FROM (VALUES {ROWS}) AS t({names})) TO '{file}' (FORMAT parquet)"
        )
    return file


def names(tables: Shelf, path: Path, *parameters: tuple[str, str]) -> list[str | None]:
    found = execute.page(tables, path, COLUMNS, asked(parameters, COLUMNS))
    assert found.total == len(found.rows)
    return [row[0] for row in found.rows]


def test_cells_are_as_the_csv_file_spells_them(tables: Shelf, path: Path) -> None:
    found = execute.page(tables, path, COLUMNS, Question())
    assert found.total == 4
    assert found.rows[0] == (
        *("Ann", "1.5", "2", "2020-01-05", "2026-11-23T09:00:00", "true", "[a, b]", "100%"),
    )
    assert found.rows[1][1] is None, "not a number is missing"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([("name__contains", "N")], ["Ann", "ben"]),
        ([("name__exact", "ann")], []),
        ([("name__exact", "Ann"), ("name__exact", "Cem")], ["Ann", "Cem"]),
        ([("name__isblank", "1")], [None]),
        ([("text__contains", "%")], ["Ann"]),
        ([("text__contains", "_")], ["ben"]),
        ([('si"ze__gte', "1.5")], ["Ann", "Cem"]),
        ([('si"ze__lte', "2"), ('si"ze__gte', "-3")], ["Ann", None]),
        ([('si"ze__isblank', "1")], ["ben"]),
        ([("legs__exact", "9007199254740993")], [None]),
        ([("legs__exact", "9007199254740992")], []),
        ([("born__gte", "2020-01-01"), ("born__lte", "2020-12-31")], ["Ann"]),
        ([("seen__lte", "2026-11-23")], ["Ann", "ben"]),
        ([("seen__exact", "2026-11-24")], ["Cem"]),
        ([("seen__gte", "2026-11-23T23:59:59")], ["ben", "Cem"]),
        ([("seen__gte", "2026-11-24T00:59:59+01:00")], ["ben", "Cem"]),
        ([("tame__exact", "true")], ["Ann", None]),
        ([("tame__notblank", "1"), ("name__contains", "b")], ["ben"]),
        ([("tags__contains", "b")], ["Ann", "Cem"]),
        ([("_search", "ann")], ["Ann", None]),
        ([("_search", "ANN 2")], ["Ann"]),
        ([("_search", "2.5")], ["Cem"]),
        ([("_search", "2019-12-31")], [None]),
        ([("_search", "annan")], []),
    ],
)
def test_rows_are_found(
    tables: Shelf, path: Path, parameters: list[tuple[str, str]], expected: list[str | None]
) -> None:
    assert names(tables, path, *parameters) == expected


def test_rows_are_ordered_the_missing_last_and_equals_as_in_the_file(
    tables: Shelf, path: Path
) -> None:
    assert names(tables, path, ("_sort", 'si"ze')) == [None, "Ann", "Cem", "ben"]
    assert names(tables, path, ("_sort_desc", 'si"ze')) == ["Cem", "Ann", None, "ben"]
    assert names(tables, path, ("_sort_desc", "legs")) == [None, "ben", "Cem", "Ann"]
    assert names(tables, path, ("_sort", "legs"), ("name__notblank", "1")) == ["Ann", "ben", "Cem"]


def test_pages_follow_each_other_and_the_last_one_stays(tables: Shelf, path: Path) -> None:
    everything = asked([("_sort", "name")], COLUMNS)
    some = asked([("legs__exact", "4")], COLUMNS)
    found = [execute.page(tables, path, COLUMNS, everything, at, limit=3) for at in (0, 3, 99)]
    assert [[row[0] for row in page.rows] for page in found] == [
        ["Ann", "Cem", "ben"],
        [None],
        [None],
    ]
    assert [page.offset for page in found] == [0, 3, 3]
    beyond = execute.page(tables, path, COLUMNS, some, 50, limit=1)
    assert ([row[0] for row in beyond.rows], beyond.total, beyond.offset) == (["Cem"], 2, 1)


def test_all_rows_come_as_they_are_asked_for(tables: Shelf, path: Path) -> None:
    question = asked([("_sort_desc", "name"), ("legs__lte", "4")], COLUMNS)
    found = execute.rows(tables, path, COLUMNS, question)
    assert [row[0] for row in found] == ["ben", "Cem", "Ann"]


def test_a_sample_is_evenly_spread_and_fit_for_json(tables: Shelf, path: Path) -> None:
    execute.page(tables, path, COLUMNS, asked([("_sort", "name")], COLUMNS))
    found = execute.sample(tables, path, COLUMNS, ["seen", 'si"ze', "tags"], most=2)
    assert found == [
        {'si"ze': 1.5, "seen": "2026-11-23T09:00:00", "tags": "[a, b]"},
        {'si"ze': 2.5, "seen": "2026-11-24T00:00:00", "tags": "[B]"},
    ]


def test_moments_with_a_zone_are_in_utc(tables: Shelf, tmp_path: Path) -> None:
    file, columns = tmp_path / "z.parquet", [("at", "datetime")]
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT TIMESTAMPTZ '2026-11-23 09:00:00+02' AS at) TO '{file}' (FORMAT parquet)"
        )
    for question in (Question(), asked([("_sort", "at")], columns)):
        found = execute.page(tables, file, columns, question)
        assert found.rows == [("2026-11-23T07:00:00Z",)]


def test_a_column_that_is_called_like_duckdbs_own_is_one_of_the_table(
    tables: Shelf, tmp_path: Path
) -> None:
    file, columns = tmp_path / "n.parquet", [("FILE_ROW_NUMBER", "integer"), ("c0", "integer")]
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 7 AS FILE_ROW_NUMBER, 8 AS c0) TO '{file}' (FORMAT parquet)"
        )
    question = asked([("_sort", "c0"), ("c0__exact", "8")], columns)
    assert execute.page(tables, file, columns, question).rows == [("7", "8")]


def test_what_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    hurried = Shelf(tmp_path, seconds=0.5)
    with pytest.raises(Invalid, match=r"longer than 0\.5 seconds"), hurried.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM range(1000000) a, range(1000000) b").fetchall()
    with hurried.cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchall() == [(1,)]
    hurried.close()


def test_questions_are_answered_by_threads_that_give_way(
    tables: Shelf, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by: set[int] = set()
    run = LowPriorityThreads.run

    def noting(threads: LowPriorityThreads, work: Any, *arguments: Any) -> Any:
        by.add(run(threads, lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))
        return run(threads, work, *arguments)

    monkeypatch.setattr(LowPriorityThreads, "run", noting)
    assert len(names(tables, path, ("_sort", "legs"))) == 4
    assert by
    assert min(by) >= NICENESS


def test_of_very_many_at_once_some_are_told_to_come_again(tmp_path: Path) -> None:
    hurried = Shelf(tmp_path, seconds=0.05)
    with hurried.cursor(), pytest.raises(Busy), hurried.cursor():
        pytest.fail("another one had a place")
    with hurried.cursor():
        pass
    hurried.close()


def test_tables_make_room_for_each_other_while_they_are_read(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_cache, "KEPT_CELLS", 40)  # of which each has 32
    monkeypatch.setattr(table_cache, "PATIENCE", PATIENCE)  # its threads let all others go before
    files = [path, tmp_path / "u.parquet", tmp_path / "v.parquet"]
    for file in files[1:]:
        file.write_bytes(path.read_bytes())
    opened = Shelf(tmp_path, PATIENCE)
    failed: list[BaseException] = []

    def ask(file: Path) -> None:
        try:
            for _ in range(20):
                question = asked([("_sort", "name"), ("legs__gte", "4")], COLUMNS)
                assert execute.page(opened, file, COLUMNS, question).total == 3
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=ask, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    opened.close()
    assert failed == []


def test_a_sample_has_no_number_that_a_browser_would_change(tables: Shelf, path: Path) -> None:
    sampled = execute.sample(tables, path, COLUMNS, ["legs"], 10)
    assert [row["legs"] for row in sampled] == [2, 4, 4, "9007199254740993"]
