"""Row "a retention that no code keeps": each period that the documents state ends by a job."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from newsletter.audience import retention, subscriptions
from newsletter.audience.subscriptions import ConsentGiven, subscribe
from newsletter.curators import accounts, logins
from newsletter.db import Base, Database
from newsletter.installation import Installation
from newsletter.issues import notices
from newsletter.jobs import JOBS, tasks
from newsletter.jobs.retention import (
    purge_ip_hashes,
    purge_notices,
    purge_pending_subscribers,
    purge_sessions,
)
from newsletter.models import Consent, CuratorSession, Notice, Subscriber
from newsletter.models.curator import Role
from newsletter.models.delivery import DeliveryState, NoticeKind
from newsletter.models.subscriber import Status
from newsletter.models.task import TaskState
from newsletter.services.datasets import upload_files
from newsletter.settings import Settings
from newsletter.submissions import form, queue
from newsletter.tasks import files
from tests import factories

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ROW = re.compile(r"^\| ([^|]+) \| (\d+) days? \| `(\w+)` \|$", re.MULTILINE)

# What the code keeps, by the job that ends it.
KEPT = {
    "purge_ip_hashes": {subscriptions.IP_KEPT_FOR},
    "purge_pending_subscribers": {retention.PENDING_FOR},
    "purge_notices": {notices.SETTLED_KEPT_FOR},
    "purge_sessions": {logins.ABSOLUTE},
    "purge_submitter_addresses": {queue.ADDRESS_KEPT_FOR},
    "purge_unused_uploads": {form.OFFERED_FOR},
    "purge_stale_uploads": {upload_files.UNFINISHED_FOR},
    "purge_tasks": {tasks.KEPT_FOR[TaskState.DONE], tasks.KEPT_FOR[TaskState.FAILED]},
    "purge_task_files": {files.KEPT_FOR},
}


def test_each_period_of_the_documents_is_the_one_that_a_job_keeps() -> None:
    stated: dict[str, set[timedelta]] = {}
    for _, days, job in ROW.findall((ROOT / "docs" / "operator.md").read_text()):
        stated.setdefault(job, set()).add(int(days) * DAY)
    assert stated == KEPT
    assert {job.name for job in JOBS if job.name.startswith("purge_")} == KEPT.keys()


@pytest.fixture
def installation(
    environ: dict[str, str], db: Database, database_url: str
) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    yield opened
    opened.db.close()


def rows(db: Database, model: type[Base]) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def signed_up(installation: Installation, address: str = "ann@example.org") -> None:
    given = ConsentGiven("site", "Yes.", "192.0.2.7")
    with installation.db.write() as session:
        subscribe(session, installation.signer, address, given, NOW)


def mailed(installation: Installation, at: datetime) -> None:
    """Say of each notice that it was sent then."""
    settled = {"state": DeliveryState.SENT, "not_before": None, "settled_at": at}
    with installation.db.write() as session:
        session.execute(update(Notice).values(settled))


def ends(
    job: Callable[[Installation, datetime], object],
    installation: Installation,
    left: Callable[[], int],
    span: timedelta,
) -> None:
    """What ``left`` counts is there until ``span`` is over, and not after."""
    assert left() > 0
    job(installation, NOW + span - SECOND)
    assert left() > 0
    job(installation, NOW + span + SECOND)
    assert left() == 0
    job(installation, NOW + span + SECOND)  # it may run twice


def test_where_somebody_agreed_is_forgotten(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.audience.retention.AT_ONCE", 2)
    monkeypatch.setattr("newsletter.jobs.retention.AT_ONCE", 2)
    for number in range(5):
        signed_up(installation, f"reader{number}@example.org")

    def hashes() -> int:
        with installation.db.read() as session:
            return len(list(session.scalars(select(Consent.ip_hash).where(Consent.ip_hash != ""))))

    ends(purge_ip_hashes, installation, hashes, 30 * DAY)
    assert rows(installation.db, Consent) == 5


def test_who_has_not_confirmed_is_forgotten_with_all_that_was_for_them(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.audience.retention.AT_ONCE", 2)
    monkeypatch.setattr("newsletter.jobs.retention.AT_ONCE", 2)
    for number in range(5):
        signed_up(installation, f"reader{number}@example.org")
    mailed(installation, NOW)

    def people() -> int:
        return rows(installation.db, Subscriber)

    ends(purge_pending_subscribers, installation, people, 30 * DAY)
    assert rows(installation.db, Consent) == rows(installation.db, Notice) == 0


def test_the_time_to_confirm_begins_when_the_mail_went_out(installation: Installation) -> None:
    signed_up(installation)
    purge_pending_subscribers(installation, NOW + 40 * DAY)  # it waits for its turn until then
    assert rows(installation.db, Notice) == 1
    mailed(installation, NOW + 40 * DAY)
    purge_pending_subscribers(installation, NOW + 70 * DAY)
    assert rows(installation.db, Subscriber) == 1
    purge_pending_subscribers(installation, NOW + 71 * DAY)
    assert rows(installation.db, Subscriber) == 0


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_who_is_anything_else_stays(installation: Installation, status: Status) -> None:
    with installation.db.write() as session:
        factories.subscriber(session, installation.signer, "ann@example.org", status)
    purge_pending_subscribers(installation, NOW + 999 * DAY)
    assert rows(installation.db, Subscriber) == 1


@pytest.mark.parametrize(
    ("state", "not_before"),
    [
        (DeliveryState.SENT, None),
        (DeliveryState.FAILED, None),
        (DeliveryState.UNKNOWN, None),
        (DeliveryState.EXCLUDED, None),
    ],
)
def test_a_notice_that_is_over_is_removed(
    installation: Installation, state: DeliveryState, not_before: datetime | None
) -> None:
    signed_up(installation)
    with installation.db.write() as session:
        settled = {"state": state, "not_before": not_before, "settled_at": NOW}
        session.execute(update(Notice).values(settled))
    ends(purge_notices, installation, lambda: rows(installation.db, Notice), 30 * DAY)
    assert rows(installation.db, Subscriber) == 1


@pytest.mark.parametrize("state", [DeliveryState.PENDING, DeliveryState.UNKNOWN])
def test_a_notice_that_is_tried_again_stays(
    installation: Installation, state: DeliveryState
) -> None:
    signed_up(installation)
    with installation.db.write() as session:
        session.execute(update(Notice).values(state=state, settled_at=NOW))
    purge_notices(installation, NOW + 999 * DAY)
    assert rows(installation.db, Notice) == 1


@pytest.mark.parametrize(
    ("seen_for", "span"), [(timedelta(0), logins.IDLE), (14 * DAY, logins.ABSOLUTE)]
)
def test_a_session_is_removed(
    installation: Installation, seen_for: timedelta, span: timedelta
) -> None:
    with installation.db.write() as session:
        owner = accounts.add_curator(session, "owner@example.org", Role.OWNER, None, NOW)
        logins.open_session(session, owner.id, NOW)
        session.execute(update(CuratorSession).values(seen_at=NOW + seen_for))

    def job(opened: Installation, now: datetime) -> None:
        if seen_for:  # it is used until then
            with opened.db.write() as session:
                session.execute(update(CuratorSession).values(seen_at=now))
        purge_sessions(opened, now)

    ends(job, installation, lambda: rows(installation.db, CuratorSession), span)


def test_the_clock_runs_each_of_them() -> None:
    names = {job.name for job in JOBS}
    for job in (purge_ip_hashes, purge_pending_subscribers, purge_notices, purge_sessions):
        assert job.__name__ in names
    assert set(NoticeKind)  # of whatever kind
