import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import QueuePool, delete

from newsletter.catalog.checks.examination import examine
from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.db import Database
from newsletter.errors import NotFound
from newsletter.fetching.source_probe import Asker
from newsletter.models.catalog_check import CatalogCheck
from newsletter.models.dataset import Dataset, VersionState
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories
from tests.fetching.web import ETAG, MODIFIED, Page, Web

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)


class Catalog:
    """A catalog whose sources are on ``web``."""

    def __init__(self, db: Database, folder: Path, settings: Settings, web: Web) -> None:
        self.db, self.web = db, web
        self.storage = Storage(folder / "storage")
        self.settings = replace(settings, fetch_hosts=frozenset({web.host}))

    def add(self, slug: str, *urls: str, **values: Any) -> None:
        sources = [{"title": "It", "url": url, "retrieved": "2026-11-02"} for url in urls]
        with self.db.write() as session:
            version = factories.dataset(
                session, self.storage, slug, sources=sources or factories.WRITTEN["sources"],
                **values,
            )  # fmt: skip
            table = version.tables[0]
            table.columns = [
                column | {"description": "What was measured of it."} for column in table.columns
            ]

    def look(self, *slugs: str, now: datetime = NOW, **values: Any) -> list[Finding]:
        return examine(self.db, self.storage, self.settings, now, slugs, **values)


@pytest.fixture
def catalog(db: Database, tmp_path: Path, settings: Settings, web: Web) -> Catalog:
    return Catalog(db, tmp_path, settings, web)


def test_a_catalog_in_order_says_nothing(catalog: Catalog) -> None:
    catalog.web.pages["/a"] = Page(headers={"ETag": ETAG, "Last-Modified": MODIFIED})
    catalog.add("penguins", catalog.web.url("/a"))
    assert catalog.look() == []
    assert catalog.look(now=NOW + WEEK) == []
    asked = [headers.get("if-none-match") for _, _, headers in catalog.web.seen]
    assert asked == [None, ETAG]  # the second time it asks for news only
    assert catalog.web.seen[0][2]["user-agent"].endswith("(+https://news.example.org)")


def test_what_is_wrong_comes_first_and_only_what_was_asked_for(catalog: Catalog) -> None:
    catalog.web.pages["/moved"] = Page(301, {"Location": "/a"})
    catalog.web.pages["/a"] = Page()
    catalog.add("auks", catalog.web.url("/moved"))
    catalog.add("penguins", catalog.web.url("/gone"))
    found = [(f.slug, f.about, f.weight) for f in catalog.look()]
    assert found == [("penguins", "source", Weight.WRONG), ("auks", "source", Weight.NOTE)]
    assert [f.slug for f in catalog.look("auks")] == ["auks"]
    with pytest.raises(NotFound):
        catalog.look("gulls")


def test_a_server_in_trouble_is_told_in_its_second_week(catalog: Catalog) -> None:
    catalog.web.pages["/a"] = Page(503)
    catalog.add("penguins", catalog.web.url("/a"))
    (first,) = catalog.look()
    (second,) = catalog.look(now=NOW + WEEK)
    assert (first.weight, second.weight) == (Weight.ASIDE, Weight.WRONG)
    assert "not reachable since 2026-11-24" in second.sentence


def test_that_a_name_is_gone_is_believed_if_somebody_else_answers(catalog: Catalog) -> None:
    def resolve(host: str, _port: int) -> list[str]:
        if host == "127.0.0.1":
            return [host]
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    asker = Asker("us", catalog.settings.fetch_hosts, resolve=resolve)
    catalog.add("auks", "http://gone.example/a")
    (offline,) = catalog.look(asker=asker)
    assert offline.weight is Weight.ASIDE
    catalog.web.pages["/a"] = Page()
    catalog.add("penguins", catalog.web.url("/a"))
    (gone,) = catalog.look(asker=asker)
    assert (gone.slug, gone.weight) == ("auks", Weight.WRONG)


def test_a_silent_host_is_asked_once(catalog: Catalog) -> None:
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "not now")

    catalog.add("auks", "http://away.example/a", "http://away.example/b")
    assert len(catalog.look(asker=Asker("us", resolve=resolve))) == 2
    assert asked == ["away.example"]


def test_our_own_address_is_not_asked(catalog: Catalog) -> None:
    catalog.add("auks", catalog.settings.base_url)
    assert catalog.look() == []


def test_who_was_not_asked_for_longest_is_asked_first(catalog: Catalog) -> None:
    for slug in ("auks", "gulls", "terns"):
        catalog.web.pages[f"/{slug}"] = Page()
        catalog.add(slug, catalog.web.url(f"/{slug}"))
    catalog.look("gulls")
    catalog.look("auks", now=NOW + WEEK)
    catalog.web.seen.clear()
    catalog.look(now=NOW + 2 * WEEK)
    assert [path for _, path, _ in catalog.web.seen] == ["/terns", "/gulls", "/auks"]


def test_a_broken_file_a_drifting_dictionary_and_a_hollow_document_are_found(
    catalog: Catalog,
) -> None:
    catalog.add("auks", catalog.settings.base_url, license=None, keywords=[])
    with catalog.db.write() as session:
        (table,) = session.query(Dataset).one().versions[0].tables
        table.columns = table.columns[1:]
        catalog.storage.path(table.files["csv"]["key"]).write_bytes(b"")
    found = {(f.about, f.weight): f.sentence for f in catalog.look()}
    assert "species is in the file" in found["dictionary", Weight.WRONG]
    assert "0 bytes for" in found["file", Weight.WRONG]
    documents = " ".join(f.sentence for f in catalog.look() if f.about == "document")
    assert "its Data Package lacks licenses." in documents
    assert "its JSON-LD lacks keywords" in documents
    assert "its DCAT lacks keyword" in documents


def test_a_draft_is_looked_at_only_by_its_name(catalog: Catalog) -> None:
    catalog.add("auks", catalog.web.url("/gone"), state=VersionState.DRAFT)
    assert catalog.look() == []
    assert len(catalog.look("auks")) == 1


class Enough(Exception):
    """Whoever looks on has seen enough."""


def test_it_ends_within_a_moment_while_a_server_does_not_answer(catalog: Catalog) -> None:
    """And remembers what it heard before."""
    asked, may_answer = threading.Event(), threading.Event()

    def resolve(host: str, _port: int) -> list[str]:
        if host == "slow.example":
            asked.set()
            assert may_answer.wait(60)
        return [host]

    def look_on(_done: int, _total: int, _note: str) -> None:
        if asked.is_set():
            raise Enough

    catalog.web.pages["/a"] = Page(headers={"ETag": ETAG})
    catalog.add("auks", catalog.web.url("/a"), "http://slow.example/a")
    asker = Asker("us", catalog.settings.fetch_hosts, resolve=resolve)
    began = time.monotonic()
    with pytest.raises(Enough):
        catalog.look(asker=asker, on_progress=look_on)
    assert time.monotonic() - began < 2
    may_answer.set()
    with catalog.db.read() as session:
        (kept,) = session.query(CatalogCheck)
    etags = [source["etag"] for source in kept.sources.values()]
    assert etags == [ETAG, None]


def test_it_ends_in_the_middle_of_a_file(catalog: Catalog) -> None:
    catalog.add("auks", catalog.settings.base_url, tables={"auks": "a\n" + "word\n" * 500_000})
    seen: list[str] = []

    def look_on(_done: int, _total: int, note: str) -> None:
        seen.append(note)
        if len(seen) == 2:
            raise Enough

    with pytest.raises(Enough):
        catalog.look(on_progress=look_on)
    assert seen == ["Files of auks"] * 2


def test_no_session_is_open_while_it_asks(catalog: Catalog) -> None:
    """A writer gets in at once, and a dataset that it removes is no trouble."""
    catalog.add("auks", catalog.web.url("/gone"))

    def resolve(host: str, _port: int) -> list[str]:
        with catalog.db.write() as session:
            session.execute(delete(Dataset))
        assert isinstance(catalog.db.engine.pool, QueuePool)
        assert catalog.db.engine.pool.checkedout() == 0
        return [host]

    asker = Asker("us", catalog.settings.fetch_hosts, resolve=resolve)
    assert len(catalog.look(asker=asker)) == 1
    with catalog.db.read() as session:
        assert session.query(CatalogCheck).count() == 0
