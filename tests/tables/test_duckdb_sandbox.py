"""DuckDB with a stranger's file: shut in a folder, and with no way out."""

from pathlib import Path

import duckdb
import pytest

from newsletter.tables import duckdb_sandbox


@pytest.fixture(params=[None, "100MB"], ids=["memory", "spilling"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "table.csv").write_text("a\n2\n")
    return duckdb_sandbox.connect(folder, "100MB", 2, request.param)


@pytest.mark.parametrize(
    "query",
    [
        "FROM read_csv('{outside}/secret.csv')",
        "FROM read_csv('{outside}/it''s a folder/../secret.csv')",
        "FROM read_csv('{outside}/it''s a folder/link.csv')",
        "COPY (SELECT 1) TO '{outside}/out.csv'",
        "FROM read_csv('http://127.0.0.1:9/x.csv')",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '9GB'",
        "SET temp_directory = '{outside}'",
        "ATTACH '{outside}/x.db'",
    ],
)
def test_there_is_no_way_out(
    query: str, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with connection, pytest.raises(duckdb.Error):
        connection.execute(query.format(outside=tmp_path))


def test_what_is_in_the_folder_is_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with connection:
        place = str(tmp_path / "it's a folder" / "table.csv")
        assert connection.execute("FROM read_csv(?)", [place]).fetchall() == [(2,)]


def test_each_cursor_is_in_utc_wherever_the_machine_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    with duckdb_sandbox.connect(tmp_path, "100MB", 2) as connection, connection.cursor() as cursor:
        for each in (connection, cursor):
            assert each.execute("SELECT current_setting('TimeZone')").fetchall() == [("UTC",)]
