"""Row "SQL injection": whatever is asked of a table is a value, and DuckDB sees nothing else."""

from pathlib import Path

import duckdb
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.errors import Invalid
from newsletter.installation import Installation
from newsletter.tables.querying import execute
from newsletter.tables.querying.table_cache import Shelf
from newsletter.tables.querying.table_query import OPERATORS, asked
from tests.examples import examples
from tests.security.test_sql_injection import HOSTILE, TEXT
from tests.security.test_sql_injection_by_file import NAMES, STATEMENTS

PATHS = (
    "/datasets/penguins",
    "/datasets/penguins/v/1.0.0/penguins/rows",
    "/datasets/penguins/v/1.0.0/penguins/rows.csv",
)
COLUMN = st.sampled_from(["species", "bill_mm", "flipper_mm", "year"]) | TEXT
OPERATOR = st.sampled_from(sorted({name for names in OPERATORS.values() for name in names})) | TEXT
KEY = (
    st.sampled_from(["_search", "_sort", "_sort_desc", "_page", "_table"])
    | st.builds("{}__{}".format, COLUMN, OPERATOR)
    | TEXT
)
VALUE = TEXT | st.sampled_from(STATEMENTS) | st.floats().map(str) | st.integers().map(str)
PARAMETERS = st.lists(st.tuples(KEY, VALUE), max_size=6)
FUZZ = settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.usefixtures("seeded")
@FUZZ
@given(parameters=PARAMETERS)
def test_any_address_of_a_table_has_an_answer(
    client: FlaskClient, parameters: list[tuple[str, str]]
) -> None:
    for path in PATHS:
        response = client.get(path, query_string=parameters, follow_redirects=True)
        assert response.status_code in (200, 422), path


@pytest.mark.usefixtures("seeded")
# A NUL alone is nothing at all, which asks for every row.
@pytest.mark.parametrize("text", [*STATEMENTS, *(text for text in HOSTILE if text != "\0"), "x\0y"])
@pytest.mark.parametrize("key", ["_search", "species__contains", "species__exact"])
def test_a_statement_is_a_text_that_is_nowhere(client: FlaskClient, key: str, text: str) -> None:
    response = client.get(PATHS[1], query_string={key: text})
    assert response.status_code == 200
    assert "No row" in response.text or "These are all rows" in response.text


@FUZZ
@given(names=NAMES, value=TEXT, descending=st.booleans())
def test_a_column_may_have_any_name(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], value: str, descending: bool
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    file = folder / "t.parquet"
    quoted = ", ".join('? AS "' + name.replace('"', '""') + '"' for name in names)
    with duckdb.connect() as connection:
        values = [*("x" for _ in names)]
        connection.execute(f"CREATE TABLE t AS SELECT {quoted}", values)
        connection.execute(f"COPY t TO '{file}' (FORMAT parquet)")
    columns = [(name, "string") for name in names]
    shelf = Shelf(folder)
    for name in names:
        parameters = [(f"{name}__exact", "x"), ("_sort_desc" if descending else "_sort", name)]
        found = execute.page(shelf, file, columns, asked(parameters, columns))
        assert found.rows == [("x",) * len(names)]
        try:
            question = asked([(f"{name}__contains", value)], columns)
        except Invalid:
            continue
        expected = not value.strip() or value.strip().casefold() in "x"
        assert execute.page(shelf, file, columns, question).total == int(expected)
    shelf.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('{outside}')",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "ATTACH '{outside}' AS x",
        "COPY (SELECT 1) TO '{outside}'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET allowed_directories = ['/']",
    ],
)
def test_the_connection_sees_nothing_but_the_storage(
    installation: Installation, tmp_path: Path, statement: str
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n1\n")
    shelf = Shelf(installation.storage.root)
    with shelf.cursor() as cursor, pytest.raises(duckdb.Error):
        cursor.execute(statement.format(outside=outside))
    assert outside.read_text() == "secret\n1\n"
    shelf.close()
