"""The daily quota: counted in the database, for all workers, across restarts."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.db import Database
from newsletter.delivery.issue_run.progress import progress
from newsletter.delivery.queue import daily_quota
from newsletter.delivery.sending.claims import Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.rates import WarmUp
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


def store(
    installation: Installation,
    db: Database,
    worker: str,
    per_day: int | None,
    warm_up: WarmUp | None = None,
) -> WorkerStore:
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    home = installation.settings.home
    return WorkerStore(db, envelopes, home, worker, per_day, warm_up=warm_up)


def test_all_workers_together_begin_no_more_than_the_quota_in_a_day(
    installation: Installation, db: Database
) -> None:
    one, other = (store(installation, db, name, 6) for name in ("one", "other"))
    assert len(one.claim(4, NOW)) == 4
    assert len(other.claim(4, NOW)) == 2
    assert one.claim(4, NOW) == []
    assert len(store(installation, db, "restarted", 6).claim(9, NOW + DAY)) == 6


def test_without_a_quota_all_are_claimed(installation: Installation, db: Database) -> None:
    assert len(store(installation, db, "one", None).claim(20, NOW)) == 10


def test_what_is_put_back_untouched_is_not_counted(
    installation: Installation, db: Database
) -> None:
    one = store(installation, db, "one", 3)
    claims = one.claim(3, NOW)
    one.release([claims[0].key], NOW)
    one.settle([Report(claims[1], Outcome(Verdict.REQUEUED), NOW)])
    one.settle([Report(claims[2], Outcome(Verdict.SENT), NOW)])
    assert len(one.claim(9, NOW)) == 2


def test_the_sender_stops_at_the_quota_and_goes_on_the_next_day(
    installation: Installation, db: Database, tmp_path: Path
) -> None:
    def send(now: datetime) -> int:
        sender = Sender(
            store(installation, db, f"at {now}", 7), MaildirTransport(tmp_path), 2, now=lambda: now
        )
        return asyncio.run(sender.run(until_idle=True))

    assert [send(NOW), send(NOW), send(NOW + DAY), send(NOW + 2 * DAY)] == [7, 0, 3, 0]


# Warm-up.


def allowed(db: Database, per_day: int, warm_up: WarmUp | None, used: Sequence[int]) -> list[int]:
    """What each day after NOW allows where on each so many of it are used."""
    days = []
    for day, count in enumerate(used):
        with db.write() as session:
            now = NOW + day * DAY
            days.append(daily_quota.left(session, per_day, now, warm_up))
            daily_quota.use(session, min(count, days[-1]), now)
    return days


def test_each_day_of_a_warm_up_allows_more_until_it_is_done(db: Database) -> None:
    assert allowed(db, 1000, WarmUp(50, 2), [1000] * 7) == [50, 100, 200, 400, 800, 1000, 1000]


def test_a_warm_up_grows_by_whole_messages_however_slowly(db: Database) -> None:
    assert allowed(db, 50, WarmUp(10, 1.01), [50] * 3) == [10, 11, 12]


def test_a_day_of_which_less_than_half_was_used_is_repeated(db: Database) -> None:
    assert allowed(db, 1000, WarmUp(50, 2), [24, 25, 0, 0, 100, 0]) == [50, 50, 100, 100, 100, 200]


def test_a_warm_up_is_not_begun_again_by_a_restart_or_by_another_worker(
    installation: Installation, db: Database
) -> None:
    one, other = (store(installation, db, name, 100, WarmUp(2, 2)) for name in ("one", "other"))
    assert [len(one.claim(9, NOW)), len(other.claim(9, NOW))] == [2, 0]
    restarted = store(installation, db, "restarted", 100, WarmUp(2, 2))
    assert [len(restarted.claim(9, NOW + DAY)), len(one.claim(9, NOW + DAY))] == [4, 0]


def test_a_warm_up_of_an_old_list_begins_on_the_day_it_is_asked_for(db: Database) -> None:
    allowed(db, 1000, None, [700, 700])
    with db.write() as session:
        today = NOW + DAY
        assert daily_quota.left(session, 1000, today, WarmUp(50, 2)) == 0  # 700 went out already
        daily_quota.use(session, -680, today)
        assert daily_quota.left(session, 1000, today, WarmUp(50, 2)) == 30


def test_after_a_day_without_it_a_warm_up_begins_anew(db: Database) -> None:
    allowed(db, 1000, WarmUp(50, 2), [50, 100])
    with db.write() as session:
        assert daily_quota.left(session, 1000, NOW + 2 * DAY) == 1000
        assert daily_quota.left(session, 1000, NOW + 3 * DAY, WarmUp(50, 2)) == 50


def test_what_the_day_leaves_over_goes_on_at_midnight(db: Database) -> None:
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    with db.write() as session:
        assert daily_quota.again_at(session, NOW) is None  # nothing was begun yet
        daily_quota.left(session, 50, NOW, WarmUp(20, 2))
        daily_quota.use(session, 16, NOW)
        assert daily_quota.again_at(session, NOW) is None
        daily_quota.use(session, 1, NOW)  # three are the notices' and the curators'
        assert daily_quota.again_at(session, NOW) == midnight
        assert daily_quota.again_at(session, midnight) is None


def test_progress_says_when_the_quota_lets_more_go(
    installation: Installation, db: Database
) -> None:
    one = store(installation, db, "one", 9)

    def until(now: datetime) -> datetime | None:
        with db.read() as session:
            issue = calendar.get(session, NOW.date())
            return progress(session, issue, now).quota_until

    assert until(NOW) is None
    one.settle([Report(claim, Outcome(Verdict.SENT), NOW) for claim in one.claim(9, NOW)])
    assert until(NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert until(NOW + DAY) is None
    one.settle(
        [Report(claim, Outcome(Verdict.SENT), NOW + DAY) for claim in one.claim(9, NOW + DAY)]
    )
    assert until(NOW + DAY) is None  # all of it went out
