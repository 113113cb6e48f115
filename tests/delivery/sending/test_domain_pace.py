"""The sender at the pace of each domain, and after what a provider asked for. Time is counted."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, insert, select

from newsletter.audience.suppression import address_hash
from newsletter.db import Database
from newsletter.delivery.queue.balance import balance_of
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.held_claims import FRESH_SECONDS
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Cadence, Status, Subscriber
from newsletter.rates import DomainRates
from newsletter.settings import Settings
from newsletter.transports.base import Feed, Outcome, Verdict
from tests.delivery.counted_time import CountedTime
from tests.functional.lists import begin_issue

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
BEGAN = 1000.0  # on the counted clock
SENT = Outcome(Verdict.SENT, "250 ok")


@pytest.fixture
def installation(environ: dict[str, str], sqlite_db: Database) -> Iterator[Installation]:
    """On SQLite, which the sender asks on its loop: a counted clock waits for no thread."""
    url = sqlite_db.url.render_as_string(hide_password=False)
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": url}))
    yield opened
    opened.db.close()


class Server:
    """Takes each message in 10 ms, and knows when; ``replies`` come before that."""

    def __init__(self, *replies: Outcome) -> None:
        self._replies = list(replies)
        self.taken: list[tuple[float, str]] = []

    async def serve_connection(self, feed: Feed) -> None:
        loop = asyncio.get_running_loop()
        while (envelope := await feed.take()) is not None:
            self.taken.append((loop.time() - BEGAN, envelope.recipient))
            await asyncio.sleep(0.01)
            outcome = self._replies.pop(0) if self._replies else SENT
            await feed.settle(envelope, outcome)
            if outcome is not SENT:
                return

    def describe(self) -> str:
        return "a server of the test"

    def moments(self, domain: str) -> list[float]:
        return [at for at, to in self.taken if to.endswith(f"@{domain}")]


def owe(installation: Installation, addresses: Sequence[str]) -> None:
    rows = [
        {
            "address": address,
            "address_key": address,
            "address_hash": address_hash(installation.signer, parse_address(address)),
            "status": Status.ACTIVE,
            "cadence": Cadence.MONDAY,
            "created_at": NOW,
            "confirmations": 0,
        }
        for address in addresses
    ]
    with installation.db.write() as session:
        session.execute(insert(Subscriber), rows)
    begin_issue(installation, NOW.date(), NOW)


def send(
    installation: Installation,
    server: Server,
    rates: DomainRates | None = None,
    meanwhile: Callable[[Sender], None] | None = None,
    after: float = 2.0,
) -> int:
    """Send all that is owed, and do something else ``after`` so many seconds; returns how
    many were settled."""
    settings = installation.settings
    envelopes = Envelopes(settings, installation.storage, installation.signer)

    async def work() -> int:
        loop = asyncio.get_running_loop()

        def now() -> datetime:
            return NOW + timedelta(seconds=loop.time() - BEGAN)

        store = WorkerStore(installation.db, envelopes, settings.home, "a")
        sender = Sender(store, server, 4, None, now, rates or DomainRates())
        if meanwhile:
            loop.call_later(after, meanwhile, sender)
        return await sender.run(until_idle=True)

    with asyncio.Runner(loop_factory=CountedTime) as runner:
        return runner.run(work())


def test_a_slow_domain_at_the_head_of_the_list_holds_no_other_back(
    installation: Installation,
) -> None:
    slow = [f"reader{n}@slow.example" for n in range(60)]
    others = [f"reader{n}@other.example" for n in range(60)]
    owe(installation, [*slow, *others])
    server = Server()
    assert send(installation, server, DomainRates({"slow.example": 10.0})) == 120
    assert len({to for _, to in server.taken}) == 120
    assert max(server.moments("other.example")) < 1.0
    spaced = server.moments("slow.example")
    assert all(later - earlier > 0.0999 for earlier, later in pairwise(spaced))
    assert 5.9 <= max(spaced) < 9.0
    with installation.db.read() as session:
        balance = balance_of(session, calendar.get(session, NOW.date()))
        assert (balance.sent, balance.holds) == (120, True)


def test_messages_to_a_slow_domain_stay_in_order(installation: Installation) -> None:
    slow = [f"reader{n:03}@slow.example" for n in range(40)]
    owe(installation, slow)
    server = Server()
    send(installation, server, DomainRates({}, 20.0))
    assert [to for _, to in server.taken] == slow


def test_what_waits_for_its_domain_is_given_back_when_the_sender_stops(
    installation: Installation,
) -> None:
    owe(installation, [f"reader{n}@slow.example" for n in range(40)])
    sent = send(installation, Server(), DomainRates({}, 2.0), meanwhile=Sender.stop)
    assert 3 <= sent <= 7
    with installation.db.read() as session:
        leased = select(func.count()).where(Delivery.lease_until.is_not(None))
        assert session.scalar(leased) == 0
        assert balance_of(session, session.scalars(select(Issue)).one()).pending == 40 - sent


def test_who_leaves_while_they_wait_for_their_domain_is_sent_nothing(
    installation: Installation,
) -> None:
    owe(installation, [f"reader{n}@slow.example" for n in range(10)])

    def leave(_: Sender) -> None:
        with installation.db.write() as session:
            for reader in session.scalars(select(Subscriber)):
                reader.status = Status.UNSUBSCRIBED

    server = Server()
    sent = send(installation, server, DomainRates({}, 10.0), leave, after=0.25)
    assert max(at for at, _ in server.taken) < 0.25 + FRESH_SECONDS
    with installation.db.read() as session:
        excluded = select(func.count()).where(Delivery.state == DeliveryState.EXCLUDED)
        assert session.scalar(excluded) == 10 - sent


def test_while_it_is_quiet_another_worker_may_have_what_waited_for_its_domain(
    installation: Installation,
) -> None:
    owe(installation, [f"reader{n}@slow.example" for n in range(6)])
    envelopes = Envelopes(installation.settings, installation.storage, installation.signer)
    other = WorkerStore(installation.db, envelopes, installation.settings.home, "b")
    taken_over = []

    def take_over(_: Sender) -> None:
        now = NOW + timedelta(seconds=2)
        taken_over.extend(other.claim(9, now))
        other.settle([Report(claim, SENT, now) for claim in taken_over])

    server = Server(Outcome(Verdict.THROTTLED))
    send(installation, server, DomainRates({}, 5.0), take_over)
    assert (len(server.taken), len(taken_over)) == (1, 6)


@pytest.mark.parametrize(
    ("outcome", "quiet"),
    [
        (Outcome(Verdict.THROTTLED), 600.0),
        (Outcome(Verdict.THROTTLED, retry_after=timedelta(seconds=30)), 30.0),
        (Outcome(Verdict.REQUEUED, retry_after=timedelta(seconds=90)), 90.0),
        (Outcome(Verdict.THROTTLED, retry_after=timedelta(hours=9)), 3600.0),
    ],
)
def test_after_a_rate_reply_all_is_quiet_for_as_long_as_was_asked(
    installation: Installation, outcome: Outcome, quiet: float
) -> None:
    owe(installation, [f"reader{n}@example.org" for n in range(12)])
    server = Server(outcome)
    assert send(installation, server) == 12
    before = [at for at, _ in server.taken if at < quiet]
    after = [at for at, _ in server.taken if at >= quiet]
    assert max(before) < 1.0
    assert min(after) == pytest.approx(quiet, abs=1.0)


# The ledger's side, on each database.


def is_retry(claim: Claim) -> bool:
    return isinstance(claim, ClaimedDelivery) and claim.is_retry


def test_a_delivery_that_is_put_off_is_claimed_then_and_is_known_to_have_been(
    environ: dict[str, str], db: Database, database_url: str
) -> None:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    owe(opened, [f"reader{n}@example.org" for n in range(3)])
    envelopes = Envelopes(opened.settings, opened.storage, opened.signer)
    one, other = (
        WorkerStore(db, envelopes, opened.settings.home, name, 9) for name in ("one", "other")
    )
    until = NOW + timedelta(seconds=5)
    claims = one.claim(9, NOW)
    other.put_off({claims[0].key: until}, NOW)  # not theirs
    one.put_off({claims[1].key: until, claims[2].key: until + timedelta(minutes=1)}, NOW)
    assert other.claim(9, NOW) == []
    again = other.claim(9, until)
    assert [(c.key, is_retry(c), c.since) for c in again] == [(claims[1].key, True, NOW)]
    assert not any(map(is_retry, claims))
    assert other.is_owed(until, until + timedelta(minutes=1))
    assert not other.is_owed(until, until + timedelta(seconds=59))
    with db.write() as session:
        calendar.pause(session, calendar.get(session, NOW.date()), "a test")
    assert not other.is_owed(until, until + timedelta(minutes=1))
    opened.db.close()


def test_what_is_put_off_does_not_count_for_the_day(
    environ: dict[str, str], db: Database, database_url: str
) -> None:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    owe(opened, [f"reader{n}@example.org" for n in range(4)])
    envelopes = Envelopes(opened.settings, opened.storage, opened.signer)
    store = WorkerStore(db, envelopes, opened.settings.home, "one", 2)
    claims = store.claim(9, NOW)
    store.put_off({c.key: NOW + timedelta(minutes=1) for c in claims}, NOW)
    assert (len(claims), len(store.claim(9, NOW)), len(store.claim(9, NOW))) == (2, 2, 0)
    opened.db.close()
