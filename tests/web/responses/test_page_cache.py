"""A public page is made once, and anew as soon as anything that it shows has changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.db import Database
from newsletter.installation import Installation
from newsletter.models.dataset import Version, VersionState
from newsletter.web.responses.page_cache import Page, PageCache
from tests.web.conftest import TUESDAY

# Every public address is kept, but for these.
NOT_KEPT = {
    *(
        "archive.chart",
        "archive.image",
        "charts.picture",
        "charts.first_rows",
        "charts.vega",
        "files.table",
        "files.workbook",
        "files.marked_csv",
    ),  # files
    *("made_with.download", "posts.figure", "posts.file", "static"),
    *(
        "charts.document",
        "rows.cell",
        "rows.csv_file",
        "rows.part",
        "versions.compared",
    ),  # asked of tables
    "made_with.page",  # what readers brought
    *("subscribe.form", "taking_part.share_form", "taking_part.suggest_form"),
    *("subscription.confirm_page", "subscription.preferences_page"),  # of one person
    *("subscription.unsubscribe_page", "health.healthz", "health.readyz"),
}
PATHS = (
    *("/", "/issues/", "/issues/2026-11-23", "/datasets/", "/datasets/penguins", "/posts/"),
    *("/feed.atom", "/feed.rss", "/feed.json", "/calendar.ics", "/index.json", "/data.json"),
    *("/datasets/penguins/v/1.0.0/", "/datasets/penguins/datapackage.json"),
)

Renamed = Callable[[str], None]


@pytest.fixture
def renamed(seeded: Installation) -> Renamed:
    def renamed(title: str) -> None:
        with seeded.db.write() as session:
            for version in session.scalars(select(Version)):
                version.title = title

    return renamed


def test_each_public_address_is_kept_or_says_why_not(app: Flask) -> None:
    public = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/admin")
    }
    kept = {name for name in public if hasattr(app.view_functions[name], "__wrapped__")}
    assert public - kept - NOT_KEPT == set()
    assert kept & NOT_KEPT == set()
    assert kept | NOT_KEPT == public


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
def test_who_has_it_is_told_so_and_proxies_may_keep_it(
    client: FlaskClient, path: str, encoding: str
) -> None:
    headers = {"Accept-Encoding": encoding}
    first, second = (client.get(path, headers=headers) for _ in range(2))
    assert first.status_code == 200
    assert second.data == first.data
    assert dict(second.headers) == dict(first.headers)
    assert first.cache_control.s_maxage == 60
    assert first.cache_control.max_age == 0
    again = client.get(path, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.head(path, headers=headers).headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", ["/datasets/", "/datasets/penguins", "/feed.atom", "/index.json"])
def test_a_change_is_seen_at_once(client: FlaskClient, renamed: Renamed, path: str) -> None:
    before = client.get(path)
    renamed("Penguins of another sea")
    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200
    assert b"Penguins of another sea" not in before.data
    assert b"Penguins of another sea" in after.data


def test_what_nobody_noticed_is_seen_after_a_minute(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.one_statement() as connection:
        before = client.get("/datasets/penguins").data
        connection.exec_driver_sql("UPDATE version SET title = 'Other penguins'")
    assert client.get("/datasets/penguins").data == before
    with time_machine.travel(TUESDAY + timedelta(minutes=1), tick=False):
        assert b"Other penguins" in client.get("/datasets/penguins").data


@pytest.mark.usefixtures("seeded")
def test_each_query_has_a_page_of_its_own(client: FlaskClient) -> None:
    pages = {client.get(f"/datasets/?q={words}").data for words in ("", "penguins", "nothing")}
    assert len(pages) == 3


@pytest.mark.usefixtures("seeded")
def test_what_is_not_there_is_not_kept(client: FlaskClient, renamed: Renamed) -> None:
    assert client.get("/datasets/nosuch").status_code == 404
    assert client.get("/issues/2026-12-07").status_code == 404


def test_a_hidden_dataset_is_gone_at_once(client: FlaskClient, seeded: Installation) -> None:
    assert client.get("/datasets/penguins").status_code == 200
    with seeded.db.write() as session:
        session.scalars(select(Version)).one().state = VersionState.DRAFT
    assert client.get("/datasets/penguins").status_code == 404


def test_a_database_that_is_away_is_told_of_as_on_any_page(
    client: FlaskClient, seeded: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_statement: str) -> None:
        raise seeded.db.driver_error("it is away")

    before = client.get("/issues/")
    monkeypatch.setattr(Database, "quick_row", lambda _db, statement: away(statement))
    answer = client.get("/issues/")  # of the view, which reaches it
    assert (answer.status_code, answer.data) == (200, before.data)
    assert "s-maxage" not in answer.headers["Cache-Control"]


def page_of(size: int) -> Page:
    return Page((), [], "text/html", "tag", b"x" * size)


def test_pages_that_nobody_asks_for_make_room() -> None:
    cache = PageCache(room=250)
    for name in "abc":
        cache.put((name,), page_of(100))
        assert cache.get(("a",), tuple) is not None
    assert [name for name in "abc" if cache.get((name,), tuple)] == ["a", "c"]
    cache.put(("a",), page_of(10))  # in the place of the old one
    cache.put(("d",), page_of(100))
    assert [name for name in "acd" if cache.get((name,), tuple)] == ["a", "c", "d"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}]
)
def test_a_page_that_is_kept_is_not_shown_under_another_name(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/", headers=headers).status_code == 400


@pytest.mark.usefixtures("seeded")
def test_it_has_every_header_that_it_had_when_it_was_made(client: FlaskClient) -> None:
    made, kept = client.get("/datasets/penguins"), client.get("/datasets/penguins")
    assert dict(kept.headers) == dict(made.headers)
    assert "script-src 'self'" in kept.headers["Content-Security-Policy"]
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in kept.headers


@pytest.mark.usefixtures("seeded")
def test_a_head_that_comes_first_leaves_the_page_whole(client: FlaskClient) -> None:
    head = client.head("/issues/")
    assert head.data == b""
    page = client.get("/issues/")
    assert page.data.startswith(b"<!doctype html>")
    assert head.headers["Content-Length"] == str(len(page.data))
