"""Once a week the curators get one mail on the catalog, if there is something to say."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from newsletter import jobs
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.models.delivery import Notice
from newsletter.settings import Settings
from tests import factories
from tests.fetching.web import Page, Web
from tests.migrated import migrate

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def installation(environ: dict[str, str], database_url: str, web: Web) -> Iterator[Installation]:
    environ |= {"DATABASE_URL": database_url, "NEWSLETTER_FETCH_HOSTS": web.host}
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    with opened.db.write() as session:
        sources = [{"title": "It", "url": web.url("/a.csv"), "retrieved": "2026-11-02"}]
        version = factories.dataset(session, opened.storage, sources=sources)
        table = version.tables[0]
        table.columns = [c | {"description": "As measured on land."} for c in table.columns]
        for name in ("ada", "ben"):
            session.add(_curator(f"{name}@example.org"))
    yield opened
    opened.db.close()


def _curator(address: str) -> Curator:
    return Curator(address=address, address_key=address, password_hash="", created_at=TUESDAY)


def notices(installation: Installation) -> list[Notice]:
    with installation.db.read() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))


def check(installation: Installation, now: datetime) -> bool:
    """What the clock does at a moment, and what the worker does then."""
    is_promised = jobs.check_catalog(installation, now)
    with time_machine.travel(now):
        run_until_idle(installation)
    return is_promised


def test_one_digest_a_week_whoever_looks_how_often(installation: Installation, web: Web) -> None:
    assert not check(installation, TUESDAY - timedelta(days=1))  # a Monday
    assert check(installation, TUESDAY)
    assert not check(installation, TUESDAY)
    assert not check(installation, TUESDAY + timedelta(days=3))
    told = notices(installation)
    assert sorted(notice.address for notice in told) == ["ada@example.org", "ben@example.org"]
    assert told[0].subject == "The catalog: 1 to mend, 0 to look at"
    assert web.url("/a.csv") in told[0].lines[0]
    assert check(installation, TUESDAY + WEEK)
    assert len(notices(installation)) == 4


def test_nothing_is_mailed_where_there_is_nothing_to_say(
    installation: Installation, web: Web
) -> None:
    web.pages["/a.csv"] = Page()
    assert check(installation, TUESDAY)
    assert notices(installation) == []
    assert len(web.seen) == 1
    assert not check(installation, TUESDAY)
    assert len(web.seen) == 1
