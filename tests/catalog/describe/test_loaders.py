"""Every loader that this machine has a language for, run as printed against a real server."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb
import polars as pl
import pytest
from pygments.lexers import get_lexer_by_name

from newsletter.catalog.describe.loaders import loaders, variable

BIRDS = pl.DataFrame({"species": ["Adelie", "Gentoo", "Émile"], "mass": [3750, 5000, None]})
TABLE = "all-birds"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def base_url(tmp_path: Path) -> Iterator[str]:
    """A site that serves version 1.0.0 of the birds."""
    folder = tmp_path / "site" / "datasets" / "penguins" / "v" / "1.0.0"
    folder.mkdir(parents=True)
    BIRDS.write_csv(folder / f"{TABLE}.csv")
    BIRDS.write_parquet(folder / f"{TABLE}.parquet")
    BIRDS.write_json(folder / f"{TABLE}.json")
    handler = partial(Quiet, directory=str(tmp_path / "site"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def printed(base_url: str, label: str) -> str:
    (code,) = (
        loader.code
        for loader in loaders(base_url, "penguins", "1.0.0", TABLE)
        if loader.label == label
    )
    return code


def run(command: list[str], folder: Path) -> str:
    found = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr.decode()
    return found.stdout.decode()


@pytest.mark.parametrize("label", ["pandas", "Polars", "DuckDB"])
def test_python_code_runs_as_printed(label: str, base_url: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(printed(base_url, label), encoding="utf-8")
    output = run([sys.executable, "-W", "error", str(program)], tmp_path)
    assert "Adelie" in output
    assert "Émile" in output


def test_curl_runs_as_printed(base_url: str, tmp_path: Path) -> None:
    run(["sh", "-c", printed(base_url, "curl")], tmp_path)
    assert pl.read_csv(tmp_path / f"{TABLE}.csv").equals(BIRDS)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_javascript_runs_as_printed(base_url: str, tmp_path: Path) -> None:
    program = tmp_path / "program.mjs"
    program.write_text(printed(base_url, "JavaScript"), encoding="utf-8")
    assert "Adelie" in run(["node", str(program)], tmp_path)


def test_duckdb_sql_fetches_and_reads_the_file(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, read = printed(base_url, "DuckDB SQL").splitlines()
    run(["sh", "-c", fetch], tmp_path)
    statements = re.fullmatch(r'duckdb -c "(.+)"', read)
    assert statements is not None
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        assert connection.execute(statements[1]).fetchall()[0] == ("Adelie", 3750)


def test_r_and_julia_name_their_packages_and_the_file() -> None:
    url = "https://data.example.org/datasets/penguins/v/1.0.0/all-birds.csv"
    assert printed("https://data.example.org", "R") == (
        f'library(readr)\n\nall_birds <- read_csv("{url}", na = "")\nprint(all_birds)\n'
    )
    assert printed("https://data.example.org/", "Julia") == (
        "using CSV, DataFrames, Downloads\n\n"
        f'all_birds = CSV.read(Downloads.download("{url}"), DataFrame)\nfirst(all_birds, 5)\n'
    )


def test_every_loader_can_be_highlighted() -> None:
    for loader in loaders("https://data.example.org", "penguins", "1.0.0", TABLE):
        assert get_lexer_by_name(loader.highlight)


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("penguins", "penguins"),
        ("all-birds", "all_birds"),
        ("2013.flights", "table_2013_flights"),
        ("-", "table_"),
        ("class", "table_class"),
        ("table", "table_table"),
        ("pd", "table_pd"),
        ("...", "table_"),
    ],
)
def test_a_table_becomes_a_name_that_every_language_takes(table: str, name: str) -> None:
    assert variable(table) == name
