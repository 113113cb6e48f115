"""Every loader that this machine has a language for, run as printed against a real server."""

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pygments.lexers import get_lexer_by_name

from newsletter.catalog.describe.loaders import MOST_STATED, loaders, variable
from newsletter.tables.ingest import IngestOptions, ingest

TABLE = "all-birds"
# Each column of text would be something else to a reader that guesses.
TYPES = {
    "zip": "string", "country": "string", "release": "string", "sex": "string",
    "price": "string", "day": "date", "seen": "datetime", "clock": "time", "count": "integer",
    "mass": "number", "wild": "boolean",
}  # fmt: skip
TEXT = """\
zip,country,release,sex,price,day,seen,clock,count,mass,wild
00501,NA,1.10,T,"1,234",2020-01-02,2020-01-02 03:04:05,10:20:30,9876543210,3.75,true
10001,NULL,2.0,F,5,,,,,,
,Émile,3,F,7,2021-12-31,2021-12-31 23:59:59,00:00:01,-1,0.5,false
"""
VALUES: dict[str, list[Any]] = {
    "zip": ["00501", "10001", None],
    "country": ["NA", "NULL", "Émile"],
    "release": ["1.10", "2.0", "3"],
    "sex": ["T", "F", "F"],
    "price": ["1,234", "5", "7"],
    "day": ["2020-01-02", None, "2021-12-31"],
    "seen": ["2020-01-02 03:04:05", None, "2021-12-31 23:59:59"],
    "clock": ["10:20:30", None, "00:00:01"],
    "count": [9876543210, None, -1],
    "mass": [3.75, None, 0.5],
    "wild": [True, None, False],
}
# What the reader would write next: the type of each column, then its values.
AND_THEN = {
    "pandas": """
        print(json.dumps([{n: str(t).removeprefix("large_") for n, t in X.dtypes.items()},
            {n: [None if pd.isna(v) else v for v in X[n]] for n in X}], default=str))""",
    "Polars": """
        print(json.dumps([{n: str(t) for n, t in X.schema.items()},
            X.to_dict(as_series=False)], default=str))""",
    "DuckDB": """
        print(json.dumps([dict(zip(X.columns, map(str, X.types))),
            dict(zip(X.columns, zip(*X.fetchall())))], default=str))""",
}
AS = {
    "pandas": {
        "string": "string[pyarrow]", "date": "date32[day][pyarrow]",
        "datetime": "timestamp[us][pyarrow]", "time": "time64[us][pyarrow]",
        "integer": "int64[pyarrow]", "number": "double[pyarrow]", "boolean": "bool[pyarrow]",
    },
    "Polars": {
        "string": "String", "date": "Date",
        "datetime": "Datetime(time_unit='us', time_zone=None)", "time": "Time",
        "integer": "Int64", "number": "Float64", "boolean": "Boolean",
    },
    "DuckDB": {
        "string": "VARCHAR", "date": "DATE", "datetime": "TIMESTAMP", "time": "TIME",
        "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN",
    },
    "R": {
        "string": "character", "date": "Date", "datetime": "POSIXct", "time": "hms",
        "integer": "numeric", "number": "numeric", "boolean": "logical",
    },
}  # fmt: skip


# pandas hands Arrow a file of Python, and a thread of Arrow that lets go of it while Python ends
# aborts the program, seldom and after its last line (apache/arrow issue 34314, open): nothing that
# a loader could say differently, but no fault of what is tested here either.
END = {"pandas": "import os, sys\nsys.stdout.flush()\nos._exit(0)\n"}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site that serves version 1.0.0 of the birds, in the files that are kept of a table."""
    site = tmp_path_factory.mktemp("site")
    folder = site / "datasets" / "penguins" / "v" / "1.0.0"
    folder.mkdir(parents=True)
    source = site / f"{TABLE}.csv"
    source.write_text(TEXT, encoding="utf-8")
    table = ingest(source, folder, IngestOptions(types=TYPES))
    assert dict(table.columns) == TYPES
    for file in (table.csv, table.parquet, table.json):
        file.path.rename(folder / f"{TABLE}{file.path.suffix}")
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def printed(base_url: str, label: str) -> str:
    (code,) = (
        loader.code
        for loader in loaders(base_url, "penguins", "1.0.0", TABLE, list(TYPES.values()))
        if loader.label == label
    )
    return code


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("label", list(AND_THEN))
def test_python_code_gives_the_types_and_values_of_the_dataset(
    label: str, base_url: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    more = "".join(line.strip() for line in AND_THEN[label].splitlines())
    next_lines = f"import json\n{more.replace('X', variable(TABLE))}\n{END.get(label, '')}"
    code = printed(base_url, label) + next_lines
    program.write_text(code, encoding="utf-8")

    output = run([sys.executable, "-W", "error", str(program)], tmp_path)

    types, values = json.loads(output.splitlines()[-1])
    assert types == {name: AS[label][type_] for name, type_ in TYPES.items()}
    assert values == VALUES


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
def test_r_gives_the_types_and_values_of_the_dataset(base_url: str, tmp_path: Path) -> None:
    """NA, the code of Namibia, is a value there, too, and told apart from a missing one."""
    program = tmp_path / "program.R"
    more = """
        cat("\\n@", nrow(problems(X)), "\\n")
        for (n in names(X)) cat(n, class(X[[n]])[1], paste(
            ifelse(is.na(X[[n]]), "", trimws(format(X[[n]], digits = 12))), collapse = "|"
        ), sep = "\\t", fill = 1000)"""
    program.write_text(printed(base_url, "R") + more.replace("X", variable(TABLE)))

    output = run(["Rscript", str(program)], tmp_path)

    lines = output.partition("\n@ ")[2].splitlines()
    columns = dict(re.split(r"\s*\t\s*", line, maxsplit=1) for line in lines[1:])
    assert lines[0].strip() == "0"  # problems
    assert {name: text.split("\t")[0] for name, text in columns.items()} == {
        name: AS["R"][type_] for name, type_ in TYPES.items()
    }
    written = {name: ["" if v is None else str(v) for v in VALUES[name]] for name in VALUES}
    written["wild"] = ["TRUE", "", "FALSE"]
    written["mass"] = ["3.75", "", "0.50"]
    assert {name: text.split("\t")[1].strip().split("|") for name, text in columns.items()} == (
        written
    )


def test_curl_runs_as_printed(base_url: str, tmp_path: Path) -> None:
    run(["sh", "-c", printed(base_url, "curl")], tmp_path)
    assert "00501,NA,1.10,T," in (tmp_path / f"{TABLE}.csv").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_javascript_gives_the_values_of_the_dataset(base_url: str, tmp_path: Path) -> None:
    program = tmp_path / "program.mjs"
    more = f"console.log('\\n' + JSON.stringify({variable(TABLE)}));\n"
    program.write_text(printed(base_url, "JavaScript") + more)

    rows = json.loads(run(["node", str(program)], tmp_path).splitlines()[-1])

    moments = {"seen": [v and v.replace(" ", "T") for v in VALUES["seen"]]}
    assert {name: [row[name] for row in rows] for name in TYPES} == VALUES | moments


def test_duckdb_sql_fetches_and_reads_the_file(
    base_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch, read = printed(base_url, "DuckDB SQL").splitlines()
    run(["sh", "-c", fetch], tmp_path)
    statements = re.fullmatch(r'duckdb -c "(.+)"', read)
    assert statements is not None
    monkeypatch.chdir(tmp_path)
    with duckdb.connect() as connection:
        (row, *_) = connection.execute(statements[1]).fetchall()
        assert row[:5] == ("00501", "NA", "1.10", "T", "1,234")
        types = connection.execute("DESCRIBE all_birds").fetchall()
    assert [type_ for _, type_, *_ in types] == [AS["DuckDB"][type_] for type_ in TYPES.values()]


def test_julia_names_its_packages_the_file_and_the_columns_of_text() -> None:
    url = "https://data.example.org/datasets/penguins/v/1.0.0/all-birds.csv"
    texts = ", ".join(f"{at} => String" for at in range(1, 6))
    assert printed("https://data.example.org/", "Julia") == (
        "using CSV, DataFrames, Downloads\n\n"
        f'all_birds = CSV.read(Downloads.download("{url}"), DataFrame; types=Dict({texts}))\n'
        "first(all_birds, 5)\n"
    )


def test_no_loader_is_long() -> None:
    """The types of very many columns are not stated."""
    for types in (list(TYPES.values()), ["string"] * (MOST_STATED + 1)):
        for loader in loaders("https://data.example.org", "penguins", "1.0.0", TABLE, types):
            lines = [line for line in loader.code.splitlines() if line]
            assert len(lines) <= (5 if loader.label in {"Polars", "DuckDB"} else 4)
            assert all(len(line) < 200 for line in lines)


def test_every_loader_can_be_highlighted() -> None:
    for loader in loaders("https://data.example.org", "penguins", "1.0.0", TABLE, ["string"]):
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
