"""Row "SQL injection": the names in a file, and what curators search for, are values."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.installation import Installation
from newsletter.tables.ingest import FORMATS
from newsletter.tables.reading import worker
from tests.examples import examples
from tests.security.test_sql_injection import HOSTILE, TEXT
from tests.web.admin.conftest import Browser

STATEMENTS = [
    "x'); DROP TABLE data; --",
    'x"); DROP TABLE source; --',
    "x') UNION SELECT getenv('SECRET_KEY') --",
    "'||(SELECT content FROM read_text('/etc/passwd'))||'",
    "$v",
    "{c0}",
    "COPY (SELECT 1) TO '/tmp/x'",
    "ATTACH '/tmp/x' AS x",
    "\\",
    '"',
    "'",
    "?",
    "$1",
    ":name",
    "%s",
]
PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\ue000", exclude_categories=("Cc", "Cs")),
    min_size=1,
    max_size=20,
)
NAMES = st.lists(
    (PRINTABLE | st.sampled_from(STATEMENTS)).map(lambda name: " ".join(name.split())).filter(bool),
    min_size=1,
    max_size=4,
    unique_by=str.casefold,
)
LIMITS = {"memory_bytes": 10**8, "output_bytes": 10**8}
OPTIONS: dict[str, Any] = {
    "encoding": "utf-8",
    "delimiter": ",",
    "decimal": None,
    "table": None,
    "missing_values": [""],
    "header": 1,
    "types": {},
}
FUZZ = settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(names=NAMES, number=st.integers(-9, 9))
def test_the_columns_of_a_csv_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], number: int
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    with (folder / "in").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, [number] * len(names)])
    assert_read(parse(folder, "delimited"), names, number)


@FUZZ
@given(names=NAMES, number=st.integers(-9, 9))
def test_the_keys_of_a_json_file(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], number: int
) -> None:
    folder = tmp_path_factory.mktemp("json")
    records = [dict.fromkeys(names, number)] * 2
    (folder / "in").write_text(json.dumps(records), encoding="utf-8")
    assert_read(parse(folder, "json"), names, number)


@pytest.mark.parametrize("name", STATEMENTS + HOSTILE[:4])
def test_the_name_of_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").write_text("n\n1\n2\n")
    assert parse(tmp_path, "delimited", f"{name}.csv")["preview"] == [[1], [2]]


@pytest.mark.usefixtures("seeded")
@FUZZ
@given(words=TEXT, status=TEXT, page=TEXT)
def test_searching_in_the_admin(owner: Browser, words: str, status: str, page: str) -> None:
    for path in ("/admin/subscribers/", "/admin/datasets/"):
        query = {"q": words, "status": status, "page": page}
        assert owner.get(path, query_string=query).status_code == 200


@pytest.mark.parametrize("text", [*STATEMENTS, *HOSTILE])
def test_a_slug_is_a_slug(owner: Browser, seeded: Installation, text: str) -> None:
    form = {"slug": text, "title": "A title", "summary": "x" * 30, "description": "x" * 60}
    answer = owner.post("/admin/datasets/new", "/admin/datasets/new", **form)
    assert answer.status_code == 422
    assert owner.get("/admin/datasets/penguins/").status_code == 200


def parse(folder: Path, kind: str, name: str = "in") -> dict[str, Any]:
    """What the parser makes of the file ``in``, in this process."""
    work = folder / "work"
    work.mkdir()
    request = {"source": str(folder / "in"), "name": name, "folder": str(work), "limits": LIMITS}
    return worker.parse(request | {"formats": FORMATS, "options": OPTIONS | {"kind": kind}})


def assert_read(read: dict[str, Any], names: list[str], number: int) -> None:
    assert [tuple(column) for column in read["columns"]] == [(name, "integer") for name in names]
    assert set(map(tuple, read["preview"])) == {(number,) * len(names)}
