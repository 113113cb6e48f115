"""Row "public work without limit or single flight": what strangers ask for is made once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.catalog.versions import changes
from newsletter.host.machine import WEB_THREADS
from newsletter.installation import Installation
from newsletter.models.task import Task
from newsletter.tables.querying import table_cache
from newsletter.tables.querying.table_cache import Shelf
from newsletter.web.responses.compression import AT_ONCE
from tests import factories
from tests.conftest import BASE_URL

STRANGERS = 24
LONG = "word\n" * (AT_ONCE // 5 + 1)


@pytest.fixture
def strangers(app: Flask) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(STRANGERS)


@pytest.fixture(autouse=True)
def catalog(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "long", {"long": LONG})
        text = LONG.replace("word", "noun")
        factories.newer(session, installation.storage, "long", "2.0.0", text)


@pytest.fixture
def all_places(app: Flask, installation: Installation) -> Iterator[None]:
    """Taken, for questions about tables, by others who got there first."""
    shelf = app.extensions["shelf"] = Shelf(installation.storage.root, seconds=0.05)
    with ExitStack() as others:
        for _ in range(table_cache.AT_ONCE):
            others.enter_context(shelf.cursor())
        yield


def tasks(installation: Installation) -> list[str]:
    with installation.db.read() as session:
        return list(session.scalars(select(Task.name)))


def test_many_who_ask_for_a_comparison_start_it_once(
    app: Flask,
    installation: Installation,
    strangers: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "compare_tables", lambda *_: pytest.fail("in a request"))

    def ask(_: int) -> int:
        path = "/datasets/long/v/1.0.0..2.0.0"
        return app.test_client().get(path, base_url=BASE_URL).status_code

    assert set(strangers.map(ask, range(STRANGERS))) == {202}
    assert tasks(installation) == ["compare-versions"]


def test_many_who_ask_for_a_file_in_fewer_bytes_get_it_as_it_is_meanwhile(
    app: Flask, installation: Installation, strangers: ThreadPoolExecutor
) -> None:
    def ask(_: int) -> tuple[int, str | None]:
        path, accepted = "/datasets/long/v/1.0.0/long.csv", {"Accept-Encoding": "br"}
        answer = app.test_client().get(path, base_url=BASE_URL, headers=accepted)
        return answer.status_code, answer.headers.get("Content-Encoding")

    assert set(strangers.map(ask, range(STRANGERS))) == {(200, None)}
    assert tasks(installation) == ["encode-file"]


def test_many_who_ask_for_a_workbook_have_it_made_once(
    app: Flask, installation: Installation, strangers: ThreadPoolExecutor
) -> None:
    def ask(_: int) -> int:
        path = "/datasets/long/v/1.0.0/long.xlsx"
        return app.test_client().get(path, base_url=BASE_URL).status_code

    assert set(strangers.map(ask, range(STRANGERS))) == {202}
    assert tasks(installation) == ["make-workbook"]


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/long?_sort=noun",
        "/datasets/long?noun__contains=no",
        "/datasets/long/v/1.0.0/long/rows?_search=no",
        "/datasets/long/v/1.0.0/long/rows.csv?_sort_desc=word",
    ],
)
@pytest.mark.usefixtures("all_places")
def test_no_thread_waits_for_the_questions_of_others(
    app: Flask, strangers: ThreadPoolExecutor, path: str
) -> None:
    def ask(_: int) -> tuple[int, str | None]:
        answer = app.test_client().get(path, base_url=BASE_URL)
        return answer.status_code, answer.headers.get("Retry-After")

    assert set(strangers.map(ask, range(STRANGERS))) == {(503, "5")}


@pytest.mark.usefixtures("all_places")
def test_the_first_rows_are_there_whatever_others_ask(client: FlaskClient) -> None:
    page = client.get("/datasets/long")
    assert page.status_code == 200
    assert "<td>noun</td>" in page.text


def test_threads_are_left_for_those_who_ask_no_table() -> None:
    assert table_cache.AT_ONCE + table_cache.QUEUE <= WEB_THREADS // 2
