"""The starter catalog keeps its promises: each folder says what its files hold, and is right.

Read with nothing but YAML, DuckDB and the standard library, so that these tests and the
newsletter's own reading of a folder can disagree.
"""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import duckdb
import pytest
import vl_convert
import yaml
from license_expression import get_spdx_licensing

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "datasets").glob("*/dataset.yaml"))
LARGEST_IN_GIT = 2_000_000
SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "datetime": "TIMESTAMP WITH TIME ZONE",
    "time": "TIME",
}
# The regular expression that PEP 723 gives for a script's metadata.
SCRIPT = re.compile(
    r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.ASCII
)

Document = dict[str, Any]


def load(folder: Path) -> Document:
    document = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def tables_of(folder: Path) -> Iterator[tuple[Document, Path]]:
    for table in load(folder)["tables"]:
        yield table, folder / table["file"]


def quoted(names: list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def open_tables(folder: Path) -> duckdb.DuckDBPyConnection:
    """The folder's tables under their own names, each column of the type that it declares."""
    database = duckdb.connect()
    for table, path in tables_of(folder):
        if not path.exists():
            continue
        if path.suffix == ".parquet":
            rows = database.read_parquet(str(path))
        else:
            rows = database.read_csv(
                str(path),
                columns={c["name"]: SQL_TYPES[c["type"]] for c in table["columns"]},
                na_values=table.get("missing_values", [""]),
                header=True,
                auto_detect=False,
                delimiter=",",
                quotechar='"',
            )
        rows.create(table["name"])
    return database


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


def test_it_has_at_least_seven_datasets() -> None:
    assert len(FOLDERS) >= 7


def test_the_readme_lists_every_dataset() -> None:
    listed = re.findall(r"^\| \[([a-z0-9-]+)\]", (ROOT / "datasets/README.md").read_text(), re.M)

    assert sorted(listed) == [folder.name for folder in FOLDERS]


def test_its_words_have_the_length_that_a_page_and_a_mail_allow(folder: Path) -> None:
    document = load(folder)

    assert 6 <= len(document["title"]) <= 50
    assert 20 <= len(document["summary"]) <= 80
    assert "\n" not in document["summary"]
    assert 50 <= len(document["description"]) <= 5000
    assert 3 <= len(document["questions"]) <= 6
    assert document["caveats"]
    assert all(isinstance(text, str) for text in document["questions"] + document["caveats"])


def test_its_keywords_are_lower_case_and_there(folder: Path) -> None:
    keywords = load(folder)["keywords"]

    assert keywords
    assert keywords == [keyword.lower() for keyword in keywords]


def test_its_license_is_one_spdx_id(folder: Path) -> None:
    license_id = load(folder)["license"]

    assert get_spdx_licensing().validate(license_id).errors == []
    assert " " not in license_id


def test_it_says_where_it_comes_from_and_who_made_it(folder: Path) -> None:
    document = load(folder)

    assert all(source["url"].startswith(("http://", "https://")) for source in document["sources"])
    assert any(isinstance(source.get("retrieved"), date) for source in document["sources"])
    assert all(creator["name"] for creator in document["creators"])
    assert document["citation"]
    assert document["credit"]["curator"]


def test_its_version_is_the_newest_of_its_changelog(folder: Path) -> None:
    document = load(folder)
    newest = max(document["changelog"], key=lambda entry: entry["date"])

    assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
    assert newest["version"] == document["version"]


def test_its_dictionary_names_the_columns_of_the_file_in_order(folder: Path) -> None:
    for table, path in tables_of(folder):
        if path.suffix != ".csv":
            continue
        header = path.read_text(encoding="utf-8").split("\n", 1)[0]

        assert [column["name"] for column in table["columns"]] == header.split(",")


def test_its_dictionary_describes_every_column(folder: Path) -> None:
    for table, _ in tables_of(folder):
        assert re.fullmatch(r"[-a-z0-9._]+", table["name"])
        assert table["description"]
        assert all(column["type"] in SQL_TYPES for column in table["columns"])
        assert all(column["description"] for column in table["columns"])


def test_its_files_hold_rows_of_the_declared_types(folder: Path) -> None:
    database = open_tables(folder)
    for table, path in tables_of(folder):
        if not path.exists():
            continue
        rows = database.table(table["name"])
        declared = [(column["name"], SQL_TYPES[column["type"]]) for column in table["columns"]]

        assert list(zip(rows.columns, map(str, rows.types), strict=True)) == declared
        assert rows.shape[0] > 0


def test_its_files_are_plain_utf8_and_small_enough_for_git(folder: Path) -> None:
    for _, path in tables_of(folder):
        if path.suffix != ".csv":
            continue
        raw = path.read_bytes()

        assert len(raw) < LARGEST_IN_GIT
        assert b"\r" not in raw
        assert raw.endswith(b"\n")
        assert not raw.startswith(b"\xef\xbb\xbf")
        raw.decode("utf-8")


def test_a_file_that_is_not_csv_stays_out_of_git(folder: Path) -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    for _, path in tables_of(folder):
        name = path.relative_to(ROOT).as_posix()

        assert path.exists() or path.suffix == ".parquet"
        assert path.suffix == ".csv" or any(fnmatch(name, pattern) for pattern in ignored)


def test_its_primary_keys_are_unique_and_full(folder: Path) -> None:
    database = open_tables(folder)
    for table, path in tables_of(folder):
        key = table.get("primary_key")
        if not key or not path.exists():
            continue
        rows = database.table(table["name"])
        empty = " OR ".join(f'"{name}" IS NULL' for name in key)

        assert rows.select(*key).distinct().shape[0] == rows.shape[0]
        assert rows.filter(empty).shape[0] == 0


def test_its_foreign_keys_resolve(folder: Path) -> None:
    database = open_tables(folder)
    made = {table["name"] for table, path in tables_of(folder) if path.exists()}
    for table, _ in tables_of(folder):
        for key in table.get("foreign_keys", []):
            if table["name"] not in made:
                continue
            own, other = quoted(key["columns"]), quoted(key["references"])
            stray = database.sql(
                f'SELECT {own} FROM "{table["name"]}" WHERE ({own}) IS NOT NULL'
                f' EXCEPT SELECT {other} FROM "{key["table"]}"'
            )

            assert stray.fetchall() == []


def test_its_categories_are_the_values_that_occur(folder: Path) -> None:
    database = open_tables(folder)
    for table, path in tables_of(folder):
        for column in table["columns"]:
            if "categories" not in column or not path.exists():
                continue
            found = database.table(table["name"]).select(f'"{column["name"]}"').distinct()

            assert {value for (value,) in found.fetchall()} - {None} == set(column["categories"])


def test_its_prepare_script_compiles_and_pins_what_it_needs(folder: Path) -> None:
    source = (folder / "prepare.py").read_text(encoding="utf-8")
    compile(source, "prepare.py", "exec")

    (header,) = SCRIPT.finditer(source)
    metadata = tomllib.loads(re.sub(r"(?m)^# ?", "", header["content"]))
    assert header["type"] == "script"
    assert metadata["requires-python"]
    assert metadata["dependencies"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in metadata["dependencies"])


def test_its_chart_draws_from_its_own_rows(folder: Path) -> None:
    document = load(folder)
    chart = document["chart"]
    name = chart["usermeta"]["table"]
    table, path = next(pair for pair in tables_of(folder) if pair[0]["name"] == name)
    assert "data" not in chart
    assert chart["description"]
    assert chart["width"] == 600
    blank = vl_convert.vegalite_to_svg({**chart, "data": {"values": []}})
    if not path.exists():
        return

    # As JSON would carry them: dates as text, and no more rows than a sample holds.
    values = ", ".join(
        f'"{column["name"]}"' + ("::VARCHAR" if column["type"].startswith("date") else "")
        for column in table["columns"]
    )
    rows = open_tables(folder).sql(f'SELECT {values} FROM "{name}" USING SAMPLE 5000').fetchall()
    names = [column["name"] for column in table["columns"]]
    data = {"values": [dict(zip(names, row, strict=True)) for row in rows]}
    svg = vl_convert.vegalite_to_svg({**chart, "data": data})

    assert 'width="600"' in svg
    assert "NaN" not in svg
    assert len(svg) > 1.5 * len(blank)
