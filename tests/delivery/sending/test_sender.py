"""The sender, whatever the other side says. The rest of it is in tests/functional."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.delivery.queue.balance import balance_of
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import Key
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.models.delivery import Delivery
from newsletter.models.feedback import FeedbackEvent
from newsletter.models.issue import Issue, IssueState
from newsletter.settings import Settings
from newsletter.transports.base import Feed, Outcome, Unavailable, Verdict
from tests.delivery.counted_time import CountedTime
from tests.functional.lists import add_readers, begin_issue
from tests.migrated import migrate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOSTILE = {
    "NUL": ("a\0b", "a\ufffdb"),
    "half a surrogate pair": ("a\ud83db", "a\ufffdb"),
    "control characters": ("a\x1b[2Jb", "a\ufffd[2Jb"),
    "a megabyte": ("x" * 1_000_000, "x" * 500),
    "a megabyte of NULs": ("\0" * 1_000_000, "\ufffd" * 500),
}


@pytest.fixture
def installation(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    add_readers(opened, 3, NOW)
    begin_issue(opened, NOW.date(), NOW)
    yield opened
    opened.db.close()


class Server:
    """Answers so to each message, or to each connection."""

    def __init__(self, outcome: Outcome, refuses_connections: bool = False) -> None:
        self._outcome = outcome
        self._refuses_connections = refuses_connections

    async def serve_connection(self, feed: Feed) -> None:
        if self._refuses_connections:
            raise Unavailable(f"no connection: {self._outcome.reply}", self._outcome)
        while (envelope := await feed.take()) is not None:
            await feed.settle(envelope, self._outcome)

    def describe(self) -> str:
        return "a server of the test"


def send(installation: Installation, server: Server) -> int:
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)

    async def work() -> int:
        store = WorkerStore(installation.db, envelopes, installation.settings.home, "a")
        return await Sender(store, server, 2, now=lambda: NOW).run(until_idle=True)

    return asyncio.run(work())


@pytest.mark.parametrize("verdict", [Verdict.SENT, Verdict.REJECTED, Verdict.NO_SUCH_ADDRESS])
@pytest.mark.parametrize("hostile", HOSTILE)
def test_whatever_a_server_says_is_recorded(
    installation: Installation, verdict: Verdict, hostile: str
) -> None:
    reply, kept = HOSTILE[hostile]
    assert send(installation, Server(Outcome(verdict, reply))) == 3
    with installation.db.read() as session:
        rows = session.scalars(select(Delivery)).all()
        assert {(row.reason, row.reply) for row in rows} == {(verdict.value, kept)}
        balance = balance_of(session, session.scalars(select(Issue)).one())
        assert balance.sent + balance.failed == 3
        events = session.scalars(select(FeedbackEvent.detail)).all()
        assert events == ([kept] * 3 if verdict is Verdict.NO_SUCH_ADDRESS else [])


@pytest.mark.parametrize("hostile", HOSTILE)
def test_why_an_issue_was_paused_is_recorded_too(installation: Installation, hostile: str) -> None:
    reply, _ = HOSTILE[hostile]
    send(installation, Server(Outcome(Verdict.BLOCKED, reply)))
    with installation.db.read() as session:
        issue = session.scalars(select(Issue)).one()
        assert issue.state is IssueState.PAUSED
        assert issue.pause_reason is not None
        assert len(issue.pause_reason) < 600


@pytest.mark.parametrize("hostile", HOSTILE)
def test_why_no_connection_could_be_had_is_recorded_too(
    installation: Installation, hostile: str
) -> None:
    reply, _ = HOSTILE[hostile]
    server = Server(Outcome(Verdict.BLOCKED, reply), refuses_connections=True)
    send(installation, server)
    with installation.db.read() as session:
        issue = session.scalars(select(Issue)).one()
        assert issue.state is IssueState.PAUSED
        assert issue.pause_reason is not None
        assert issue.pause_reason.startswith("no connection: ")


class SlowServer(Server):
    """Takes a message every half a minute."""

    async def serve_connection(self, feed: Feed) -> None:
        while (envelope := await feed.take()) is not None:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            await feed.settle(envelope, self._outcome)


class WithoutRenewal(WorkerStore):
    def renew(self, keys: Sequence[Key], now: datetime) -> set[Key]:
        raise ZeroDivisionError


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sender_that_cannot_renew_its_leases_stops_and_says_so(
    installation: Installation,
) -> None:
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    store = WithoutRenewal(installation.db, envelopes, installation.settings.home, "a")
    sender = Sender(store, SlowServer(Outcome(Verdict.SENT)), 1, now=lambda: NOW)
    with (
        asyncio.Runner(loop_factory=CountedTime) as runner,
        pytest.raises(ZeroDivisionError),
    ):
        runner.run(sender.run(until_idle=True))
    assert sender.settled < 3
    with installation.db.read() as session:
        assert set(session.scalars(select(Delivery.lease_until))) == {None}
