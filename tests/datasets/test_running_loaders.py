"""The loaders of each dataset's tables, run as printed against the site that serves them.

Python and curl are wherever the tests are; R and Node where .ci/run has put them. Julia has no
package in Debian: its loader is read, in tests/catalog, and run where somebody has Julia.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from newsletter.catalog import datasets
from newsletter.catalog.describe.loaders import loaders, variable
from tests.catalog.describe.test_loaders import END
from tests.datasets.conftest import Starter

PROGRAMS = {
    "pandas": [sys.executable, "-W", "error", "program"],
    "Polars": [sys.executable, "-W", "error", "program"],
    "DuckDB": [sys.executable, "-W", "error", "program"],
    "R": ["Rscript", "program"],
    "Julia": ["julia", "program"],
    "JavaScript": ["node", "--input-type=module", "-"],
    "curl": ["sh", "program"],
    "DuckDB SQL": ["sh", "program"],
}
INSTALLED = [label for label, command in PROGRAMS.items() if shutil.which(command[0])]
# Each says how many rows it has, as a last line that the reader would write next.
COUNT = {
    "pandas": f"print('rows:', len({{name}}))\n{END['pandas']}",
    "Polars": "print('rows:', len({name}))",
    "DuckDB": "print('rows:', len({name}))",
    "R": 'stopifnot(nrow(problems({name})) == 0)\ncat("rows:", nrow({name}))',
    "Julia": 'println("rows: ", nrow({name}))',
    "JavaScript": "console.log('rows:', {name}.length);",
    "curl": "",
    "DuckDB SQL": "",
}
pytestmark = pytest.mark.xdist_group("starter")


def types_of(starter: Starter, slug: str, table: str) -> list[str]:
    with starter.installation.db.read() as session:
        columns = datasets.table_of(datasets.published(session, slug), table).columns
    return [column["type"] for column in columns]


@pytest.fixture
def path_with_duckdb(tmp_path: Path) -> str:
    """A PATH with a ``duckdb`` that runs the SQL of ``-c`` by the library of the same name."""
    program = tmp_path / "bin" / "duckdb"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys, duckdb\n"
        "assert sys.argv[1] == '-c'\n"
        "duckdb.connect().sql(sys.argv[2]).show()\n"
    )
    program.chmod(0o755)
    return str(program.parent)


def test_every_language_but_julia_is_here_where_every_test_must_run() -> None:
    """There .ci/run has installed them: a loader that is not run is not proved."""
    wanted = set(PROGRAMS) - {"Julia"} if "NEWSLETTER_TESTS_MUST_RUN" in os.environ else {"pandas"}
    assert set(INSTALLED) >= wanted


@pytest.mark.parametrize("label", INSTALLED)
def test_a_loader_runs_as_printed_and_has_every_row(
    label: str,
    starter: Starter,
    slug: str,
    tmp_path: Path,
    path_with_duckdb: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", path_with_duckdb, prepend=":")
    index = starter.get("/index.json").json()["datasets"]
    (listed,) = (each for each in index if each["slug"] == slug)
    for table in listed["tables"]:
        (code,) = (
            loader.code
            for loader in loaders(
                starter.base_url,
                slug,
                listed["version"],
                table["name"],
                types_of(starter, slug, table["name"]),
            )
            if loader.label == label
        )
        code += COUNT[label].format(name=variable(table["name"])) + "\n"
        (tmp_path / "program").write_text(code, encoding="utf-8")
        done = subprocess.run(
            PROGRAMS[label],
            cwd=tmp_path,
            input=code,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        if COUNT[label]:
            assert re.findall(r"rows:\s+(\d+)", done.stdout)[:1] == [str(table["rows"])]
        elif label == "curl":
            size = (tmp_path / f"{table['name']}.csv").stat().st_size
            assert size == table["files"]["csv"]["bytes"]
        else:
            file = tmp_path / f"{table['name']}.parquet"
            assert str(pl.read_parquet(file, n_rows=1).item(0, 0)) in done.stdout


def test_a_country_called_na_is_no_missing_value(starter: Starter, tmp_path: Path) -> None:
    """Namibia, by each reader of text, which would think otherwise by itself."""
    program = tmp_path / "program"
    for label, count in {
        "pandas": "print((airports['country'] == 'NA').sum())",
        "R": 'cat("", sum(airports$country == "NA", na.rm = TRUE))',
    }.items():
        if label not in INSTALLED:
            continue
        (code,) = (
            loader.code
            for loader in loaders(
                starter.base_url,
                "airports",
                "1.0.0",
                "airports",
                types_of(starter, "airports", "airports"),
            )
            if loader.label == label
        )
        program.write_text(code + count, encoding="utf-8")
        done = subprocess.run(PROGRAMS[label], cwd=tmp_path, capture_output=True, text=True)
        assert int(done.stdout.split()[-1]) > 5
