"""The daily quota: counted in the database, for all workers, across restarts."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.db import Database
from newsletter.delivery.books import Books, Report
from newsletter.delivery.envelopes import Envelopes
from newsletter.delivery.sender import Sender
from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.transports.base import Outcome, Verdict
from newsletter.transports.maildir import MaildirTransport
from tests.functional.lists import add_readers, begin_issue

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def installation(
    environ: dict[str, str], db: Database, database_url: str
) -> Iterator[Installation]:
    """With an issue owed to ten readers."""
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    add_readers(opened, 10, NOW)
    begin_issue(opened, NOW.date(), NOW)
    yield opened
    opened.db.close()


def books(installation: Installation, db: Database, worker: str, per_day: int | None) -> Books:
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    return Books(db, envelopes, installation.settings.home, worker, per_day)


def test_all_workers_together_begin_no_more_than_the_quota_in_a_day(
    installation: Installation, db: Database
) -> None:
    one, other = (books(installation, db, name, 6) for name in ("one", "other"))
    assert len(one.claim(4, NOW)) == 4
    assert len(other.claim(4, NOW)) == 2
    assert one.claim(4, NOW) == []
    assert len(books(installation, db, "restarted", 6).claim(9, NOW + DAY)) == 6


def test_without_a_quota_all_are_claimed(installation: Installation, db: Database) -> None:
    assert len(books(installation, db, "one", None).claim(20, NOW)) == 10


def test_what_is_put_back_untouched_is_not_counted(
    installation: Installation, db: Database
) -> None:
    one = books(installation, db, "one", 3)
    held = one.claim(3, NOW)
    one.release([held[0].key], NOW)
    one.record([Report(held[1], Outcome(Verdict.REQUEUED), NOW)])
    one.record([Report(held[2], Outcome(Verdict.SENT), NOW)])
    assert len(one.claim(9, NOW)) == 2


def test_the_sender_stops_at_the_quota_and_goes_on_the_next_day(
    installation: Installation, db: Database, tmp_path: Path
) -> None:
    def send(now: datetime) -> int:
        sender = Sender(
            books(installation, db, f"at {now}", 7), MaildirTransport(tmp_path), 2, now=lambda: now
        )
        return asyncio.run(sender.run(until_idle=True))

    assert [send(NOW), send(NOW), send(NOW + DAY), send(NOW + 2 * DAY)] == [7, 0, 3, 0]
