"""Pausing, resuming and cancelling while a real worker sends: at once, and for good."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState
from newsletter.settings import Settings
from tests.functional.conftest import MailServer
from tests.functional.lists import NEWSLETTER, REPOSITORY, add_readers, begin_issue
from tests.migrated import migrate

READERS = 100
DAY = date(2026, 11, 30)
AT_ONCE = timedelta(seconds=1)
SOON = timedelta(seconds=2)  # an idle worker looks each second


class Mailing:
    """An issue to READERS, and workers that send thirty a second."""

    def __init__(self, environ: dict[str, str], server: MailServer) -> None:
        self.server = server
        self._environ = environ
        self.installation = Installation.open(Settings.load(environ))
        migrate(self.installation.db)
        self.addresses = add_readers(self.installation, READERS, clock.now())
        begin_issue(self.installation, DAY, clock.now())

    @contextmanager
    def worker(self) -> Iterator["subprocess.Popen[bytes]"]:
        process = self._start()
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def once(self) -> None:
        """Whatever is due, by a worker that ends then."""
        assert self._start("--once").wait() == 0

    def change(self, how: Callable[[Session, Issue], None]) -> datetime:
        """What a curator does; returns when it was done."""
        with self.installation.db.write() as session:
            how(session, calendar.get(session, DAY))
        return clock.now()

    def wait_until_nothing_is_held(self) -> None:
        self._wait_for(self._is_nothing_held)

    def state(self) -> IssueState:
        with self.installation.db.read() as session:
            return calendar.get(session, DAY).state

    @property
    def balance(self) -> Balance:
        with self.installation.db.read() as session:
            balance = balance_of(session, calendar.get(session, DAY))
        assert balance.holds
        return balance

    def sent_between(self, one: datetime, other: datetime) -> int:
        within = select(func.count()).where(
            Delivery.state == DeliveryState.SENT,
            Delivery.settled_at > one,
            Delivery.settled_at < other,
        )
        with self.installation.db.read() as session:
            return session.scalar(within) or 0

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*NEWSLETTER, "worker", *arguments],
            cwd=REPOSITORY,
            env=self._environ | {"PATH": os.environ["PATH"]},
        )

    def _is_nothing_held(self) -> bool:
        with self.installation.db.read() as session:
            held = select(Delivery.id).where(Delivery.lease_until.is_not(None))
            return session.scalar(held.limit(1)) is None

    def _wait_for(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not done():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def mailing(
    database_url: str, environ: dict[str, str], mail_server: MailServer
) -> Iterator[Mailing]:
    environ |= {
        "DATABASE_URL": database_url,
        "NEWSLETTER_MAIL_URL": mail_server.url,
        "NEWSLETTER_CONNECTIONS": "2",
        "NEWSLETTER_RATE": "30/s",
    }
    begun = Mailing(environ, mail_server)
    yield begun
    begun.installation.db.close()


def paused(session: Session, issue: Issue) -> None:
    calendar.pause(session, issue, "A curator paused it.")


def resumed(session: Session, issue: Issue) -> None:
    calendar.resume(session, issue, clock.now())


def cancelled(session: Session, issue: Issue) -> None:
    calendar.cancel(session, issue, clock.now())


def test_a_pause_and_a_resume_take_effect_within_a_second(mailing: Mailing) -> None:
    with mailing.worker():
        mailing.server.wait_for(10)
        stopped_at = mailing.change(paused)
        mailing.wait_until_nothing_is_held()
        assert clock.now() - stopped_at < AT_ONCE
        arrived = len(mailing.server.raw())
        assert arrived < READERS
        assert mailing.balance == Balance(READERS, sent=arrived, pending=READERS - arrived)

        went_on_at = mailing.change(resumed)
        mailing.server.wait_for(arrived + 1)
        assert clock.now() - went_on_at < SOON
        mailing.server.wait_for(READERS)
    assert mailing.sent_between(stopped_at + AT_ONCE, went_on_at) == 0
    assert Counter(mailing.server.recipients()) == Counter(mailing.addresses)


def test_a_pause_outlives_the_worker_and_so_does_a_resume(mailing: Mailing) -> None:
    with mailing.worker() as worker:
        mailing.server.wait_for(10)
        mailing.change(paused)
        mailing.wait_until_nothing_is_held()
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    arrived = len(mailing.server.raw())
    mailing.once()
    assert mailing.state() is IssueState.PAUSED
    assert len(mailing.server.raw()) == arrived

    mailing.change(resumed)
    mailing.once()
    assert mailing.state() is IssueState.SENT
    assert mailing.balance == Balance(READERS, sent=READERS)
    assert Counter(mailing.server.recipients()) == Counter(mailing.addresses)


def test_a_cancel_takes_effect_within_a_second_and_for_good(mailing: Mailing) -> None:
    with mailing.worker():
        mailing.server.wait_for(10)
        stopped_at = mailing.change(cancelled)
        mailing.wait_until_nothing_is_held()
        assert clock.now() - stopped_at < AT_ONCE
    arrived = len(mailing.server.raw())
    assert arrived < READERS
    mailing.once()
    assert len(mailing.server.raw()) == arrived
    assert mailing.state() is IssueState.CANCELLED
    assert mailing.balance == Balance(READERS, sent=arrived, excluded=READERS - arrived)
