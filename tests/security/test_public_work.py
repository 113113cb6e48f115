"""Row "public work without limit or single flight": what strangers ask for is made once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from newsletter.catalog.versions import changes
from newsletter.installation import Installation
from newsletter.models.task import Task
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
