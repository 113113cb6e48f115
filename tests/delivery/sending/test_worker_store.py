"""An outcome has its effects if and only if it is recorded."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from newsletter.db import Database
from newsletter.delivery.queue.ledger import Key
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.feedback import FeedbackEvent
from newsletter.models.subscriber import Status, Subscriber
from newsletter.settings import Settings
from newsletter.transports.base import Outcome, Verdict
from tests.functional.lists import add_readers, begin_issue
from tests.migrated import migrate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NO_SUCH_ADDRESS = Outcome(Verdict.NO_SUCH_ADDRESS, "550 5.1.1 no such user")


@pytest.fixture
def installation(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    add_readers(opened, 1, NOW)
    begin_issue(opened, NOW.date(), NOW)
    yield opened
    opened.db.close()


def worker_store(installation: Installation, worker: str) -> WorkerStore:
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    return WorkerStore(installation.db, envelopes, installation.settings.home, worker)


def the_claim(store: WorkerStore) -> Claim:
    (claim,) = store.claim(1, NOW)
    return claim


def consequences(db: Database) -> tuple[DeliveryState, Status, int]:
    with db.read() as session:
        (state,) = session.scalars(select(Delivery.state))
        (status,) = session.scalars(select(Subscriber.status))
        return state, status, len(session.scalars(select(FeedbackEvent)).all())


def hand_over(db: Database, key: Key, worker: str | None) -> None:
    with db.write() as session:
        session.execute(update(Delivery).where(Delivery.id == key[1]).values(worker=worker))


def test_a_refusal_whose_claim_was_forgotten_is_heard_again(installation: Installation) -> None:
    """PostgreSQL's crash may forget the last claims."""
    store = worker_store(installation, "a")
    report = Report.of(the_claim(store), NO_SUCH_ADDRESS, NOW)
    hand_over(installation.db, report.claim.key, None)
    store.settle([report])
    assert consequences(installation.db) == (DeliveryState.PENDING, Status.ACTIVE, 0)
    hand_over(installation.db, report.claim.key, "a")
    store.settle([report])
    assert consequences(installation.db) == (DeliveryState.FAILED, Status.BOUNCED, 1)


def test_a_refusal_that_two_workers_hear_counts_once(installation: Installation) -> None:
    first, second = (worker_store(installation, name) for name in "ab")
    report = Report.of(the_claim(first), NO_SUCH_ADDRESS, NOW)
    hand_over(installation.db, report.claim.key, "b")
    second.settle([report])
    first.settle([report])
    assert consequences(installation.db) == (DeliveryState.FAILED, Status.BOUNCED, 1)
