"""An issue stops by itself exactly where it should, the curators hear of it once, and it
goes on from there. Each send is by the real sender, to a real server that follows a script."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import event, func, select

from newsletter import jobs
from newsletter.db import Database
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.delivery.sending.claims import Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.curator import Curator
from newsletter.models.delivery import Delivery, Notice
from newsletter.models.feedback import FeedbackEvent, FeedbackKind
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Suppression
from newsletter.rates import Breakers
from newsletter.settings import Settings
from newsletter.transports.base import Feed, Outcome, Unavailable, Verdict
from newsletter.transports.smtp.transport import SmtpTransport
from tests.delivery.counted_time import CountedTime
from tests.functional.lists import add_readers, begin_issue
from tests.transports.scripted import HANGS_UP, OK, Answer, ScriptedServer, say

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
MUCH_LATER = LATER + timedelta(hours=1)
PATIENCE = 0.1  # seconds without a sound on loopback: a wait may end
CURATORS = ["ann@example.org", "ben@example.org"]

DEAD = say("550 5.1.1 no such user")
REFUSED = say("550 5.3.0 not this message")
LATER_PLEASE = say("451 4.3.0 try again later")
ABOUT_US = say("550 5.7.1 your domain is on a list")

Script = dict[str, list[Answer]]


class Mailing:
    """An issue on its way, and two curators."""

    def __init__(self, installation: Installation, db: Database) -> None:
        self._installation = installation
        self._db = db
        self.server = ScriptedServer()
        self.alerts: list[tuple[str, str]] = []  # whom was told what
        with db.write() as session:
            session.add_all(
                Curator(address=address, address_key=address, password_hash="", created_at=NOW)
                for address in CURATORS
            )

    def begin(self, readers: int) -> None:
        add_readers(self._installation, readers, NOW)
        begin_issue(self._installation, NOW.date(), NOW)

    def store(self, breakers: Breakers) -> WorkerStore:
        """Those of a worker that has just started."""
        opened = self._installation
        envelopes = Envelopes(opened.settings, opened.storage, opened.signer)
        return WorkerStore(self._db, envelopes, opened.settings.home, "worker", None, breakers)

    def send(
        self,
        script: Script,
        breakers: Breakers,
        at: datetime = NOW,
        connections: int = 1,
    ) -> None:
        """Until nothing is due. The server follows ``script``, then does as it should."""
        self.server = ScriptedServer(script, extensions=())

        async def run() -> None:
            async with self.server:
                way = SmtpTransport("127.0.0.1", self.server.port, "us.example.org", tls="none")
                store = self.store(breakers)
                await Sender(store, way, connections, now=lambda: at).run(until_idle=True)

        with asyncio.Runner(loop_factory=lambda: CountedTime(PATIENCE)) as runner:
            runner.run(run())

    def hand_over(
        self, outcomes: Sequence[Verdict], breakers: Breakers, at: datetime
    ) -> WorkerStore:
        """As many as there are ``outcomes``, one after the other."""
        store = self.store(breakers)
        for claim, verdict in zip(store.claim(len(outcomes), at), outcomes, strict=True):
            store.settle([Report(claim, Outcome(verdict, "a reply"), at)])
        return store

    def comes_back(self, kind: FeedbackKind, number: int, at: datetime) -> None:
        with self._db.write() as session:
            issue = calendar.get(session, NOW.date())
            session.add_all(
                FeedbackEvent(
                    provider="arf",
                    event_key=f"{kind} {at} {n}",
                    kind=kind,
                    issue_id=issue.id,
                    at=at,
                )
                for n in range(number)
            )

    def look(self, now: datetime, breakers: str = "") -> None:
        """What the clock does every few seconds."""
        settings = replace(self._installation.settings, breakers=Breakers.parse(breakers))
        assert not jobs.run_all(
            replace(self._installation, settings=settings), now, jobs.LOCAL_JOBS
        )

    def resume(self, at: datetime) -> None:
        with self._db.write() as session:
            calendar.resume(session, calendar.get(session, NOW.date()), at)

    def cancel(self, at: datetime) -> None:
        with self._db.write() as session:
            calendar.cancel(session, calendar.get(session, NOW.date()), at)

    @property
    def issue(self) -> Issue:
        with self._db.read() as session:
            return calendar.get(session, NOW.date())

    def goes_on(self) -> bool:
        return self.issue.state is IssueState.SENDING

    @property
    def why(self) -> str:
        """Why it is paused."""
        assert self.issue.state is IssueState.PAUSED
        return self.issue.pause_reason or ""

    @property
    def balance(self) -> Balance:
        with self._db.read() as session:
            balance = balance_of(session, calendar.get(session, NOW.date()))
        assert balance.holds
        return balance

    @property
    def untried(self) -> int:
        with self._db.read() as session:
            return session.scalar(select(func.count()).where(Delivery.attempts == 0)) or 0

    @property
    def suppressed(self) -> int:
        with self._db.read() as session:
            return session.scalar(select(func.count()).select_from(Suppression)) or 0


@pytest.fixture
def mailing(environ: dict[str, str], db: Database, database_url: str) -> Iterator[Mailing]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    made = Mailing(opened, db)

    def note(_mapper: object, _connection: object, notice: Notice) -> None:
        made.alerts.append((notice.address, notice.lines[0]))

    event.listen(Notice, "after_insert", note)
    yield made
    event.remove(Notice, "after_insert", note)
    opened.db.close()


def only(**limits: object) -> Breakers:
    """All breakers off but these."""
    off: dict[str, object] = {"hard": None, "complaints": None, "failures": None}
    return Breakers(**(off | limits))  # type: ignore[arg-type]


HARD = only(hard=Decimal("0.02"))


# Shares of an issue


def test_hard_bounces_of_just_two_percent_go_on_and_one_more_stops_the_issue(
    mailing: Mailing,
) -> None:
    mailing.begin(600)
    store = mailing.hand_over([Verdict.SENT] * 490 + [Verdict.NO_SUCH_ADDRESS] * 10, HARD, NOW)
    assert mailing.goes_on()
    (claim,) = store.claim(1, NOW)
    store.settle([Report(claim, Outcome(Verdict.NO_SUCH_ADDRESS, "no such user"), NOW)])
    assert mailing.why == (
        "11 messages bounced for good: more than 2 % of the 501 that were handed over."
    )
    assert mailing.balance == Balance(600, sent=490, failed=11, pending=99)
    assert mailing.alerts == [(address, mailing.why) for address in CURATORS]


def test_a_few_bounces_of_a_small_list_stop_nothing(mailing: Mailing) -> None:
    mailing.begin(12)
    mailing.send({"RCPT": [DEAD] * 9}, HARD)
    assert mailing.issue.state is IssueState.SENT
    assert mailing.balance == Balance(12, sent=3, failed=9)
    assert mailing.alerts == []


def test_the_tenth_bounce_of_a_bad_list_stops_it(mailing: Mailing) -> None:
    mailing.begin(40)
    mailing.send({"RCPT": [DEAD] * 40}, HARD)
    assert mailing.why.startswith("10 messages bounced for good")
    bounced = mailing.suppressed
    assert bounced in (10, 11)  # one may have been on its way
    assert mailing.balance == Balance(40, failed=bounced, pending=40 - bounced)


def test_bounces_that_come_back_later_count_with_those_at_the_door(mailing: Mailing) -> None:
    mailing.begin(100)
    store = mailing.hand_over([Verdict.SENT] * 20 + [Verdict.NO_SUCH_ADDRESS] * 5, HARD, NOW)
    mailing.comes_back(FeedbackKind.HARD_BOUNCE, 4, NOW)
    mailing.comes_back(FeedbackKind.SOFT_BOUNCE, 50, NOW)
    mailing.look(NOW)
    assert mailing.goes_on()
    (claim,) = store.claim(1, NOW)
    store.settle([Report(claim, Outcome(Verdict.NO_SUCH_ADDRESS, "no such user"), NOW)])
    assert mailing.why.startswith("10 messages bounced for good")


def test_complaints_of_just_the_share_go_on_and_one_more_stops_the_issue(mailing: Mailing) -> None:
    mailing.begin(500)
    mailing.hand_over([Verdict.SENT] * 400, only(), NOW)
    mailing.comes_back(FeedbackKind.COMPLAINT, 4, LATER)
    mailing.look(LATER, "complaints 1%")
    assert mailing.goes_on()
    mailing.comes_back(FeedbackKind.COMPLAINT, 1, LATER + timedelta(minutes=1))
    mailing.look(LATER + timedelta(minutes=1), "complaints 1%")
    assert mailing.why == (
        "5 messages were reported as spam: more than 1 % of the 400 that were handed over."
    )
    mailing.look(LATER + timedelta(minutes=2), "complaints 1%")
    assert [address for address, _ in mailing.alerts] == CURATORS


def test_two_complaints_of_a_small_list_stop_nothing_and_the_third_does(mailing: Mailing) -> None:
    mailing.begin(50)
    mailing.hand_over([Verdict.SENT] * 40, only(), NOW)
    mailing.comes_back(FeedbackKind.COMPLAINT, 2, LATER)
    mailing.look(LATER)
    assert mailing.goes_on()
    mailing.comes_back(FeedbackKind.COMPLAINT, 1, MUCH_LATER)
    mailing.look(MUCH_LATER)
    assert "more than 0.08 %" in mailing.why


def test_of_complaints_about_an_issue_that_went_out_the_curators_are_told_once(
    mailing: Mailing,
) -> None:
    mailing.begin(50)
    mailing.send({}, only())
    mailing.comes_back(FeedbackKind.COMPLAINT, 3, LATER)
    mailing.look(LATER)
    mailing.look(MUCH_LATER)
    assert mailing.issue.state is IssueState.SENT
    assert [address for address, _ in mailing.alerts] == CURATORS
    assert mailing.alerts[0][1].startswith("3 messages were reported as spam")


def test_what_stopped_an_issue_once_does_not_again_but_as_much_that_is_new_does(
    mailing: Mailing,
) -> None:
    mailing.begin(60)
    mailing.send({"RCPT": [DEAD] * 60}, HARD)
    mailing.resume(LATER)
    mailing.look(LATER)
    assert mailing.goes_on()
    mailing.hand_over([Verdict.NO_SUCH_ADDRESS] * 9, HARD, LATER + timedelta(minutes=1))
    assert mailing.goes_on()
    mailing.send({"RCPT": [DEAD] * 60}, HARD, MUCH_LATER)
    assert mailing.why.startswith("10 messages bounced for good since it was resumed")
    assert len(mailing.alerts) == 2 * len(CURATORS)
    mailing.resume(MUCH_LATER + timedelta(minutes=1))
    mailing.send({}, HARD, MUCH_LATER + timedelta(minutes=2))
    assert mailing.issue.state is IssueState.SENT
    assert mailing.balance == Balance(60, sent=38, failed=22)  # each time one was on its way


# Failures in a row

FAILING: dict[str, Script] = {
    "refused": {"RCPT": [REFUSED]},
    "refused after the message": {"DOT": [say("554 looks like spam")]},
    "asked to wait": {"RCPT": [LATER_PLEASE]},
    "dead": {"RCPT": [DEAD]},
    "cut off after the dot": {"DOT": [HANGS_UP]},
}


@pytest.mark.parametrize("how", FAILING)
def test_so_many_failures_in_a_row_stop_the_issue_and_one_fewer_does_not(
    mailing: Mailing, how: str
) -> None:
    ((step, answers),) = FAILING[how].items()
    mailing.begin(100)
    spread = (answers * 19 + [OK]) * 2 + answers * 20
    mailing.send({step: spread}, only(failures=20))
    assert mailing.why.startswith("20 failures in a row. The last: ")
    assert mailing.untried in (40, 39)  # 58 failed, 2 were sent, one may have been on its way
    assert [address for address, _ in mailing.alerts] == CURATORS


def test_the_row_begins_anew_when_the_issue_is_resumed(mailing: Mailing) -> None:
    mailing.begin(100)
    limits = only(failures=20)
    store = mailing.hand_over([Verdict.REJECTED] * 25, limits, NOW)
    assert not mailing.goes_on()
    mailing.resume(LATER)
    claims = [c for c in store.claim(22, LATER) if isinstance(c, ClaimedDelivery)]
    for claim in claims[:19]:
        store.settle([Report(claim, Outcome(Verdict.REJECTED), LATER)])
    assert mailing.goes_on()
    store.settle([Report(claims[19], Outcome(Verdict.REJECTED), LATER)])
    assert not mailing.goes_on()


def test_one_that_was_sent_ends_the_row_also_where_all_are_settled_together(
    mailing: Mailing,
) -> None:
    mailing.begin(60)
    store = mailing.store(only(failures=20))
    verdicts = [Verdict.REJECTED] * 19 + [Verdict.SENT] + [Verdict.REJECTED] * 20
    claims = store.claim(40, NOW)
    reports = [
        Report(claim, Outcome(verdict), NOW)
        for claim, verdict in zip(claims, verdicts, strict=True)
    ]
    store.settle(reports[:-1])
    assert mailing.goes_on()
    store.settle(reports[-1:])
    assert not mailing.goes_on()


def test_what_is_put_back_untouched_is_no_failure(mailing: Mailing) -> None:
    mailing.begin(100)
    mailing.hand_over([Verdict.REQUEUED] * 50 + [Verdict.THROTTLED] * 50, Breakers(), NOW)
    assert mailing.goes_on()


class NoWay:
    """Nothing can be handed over."""

    def __init__(self, mailing: Mailing) -> None:
        self._mailing = mailing
        self.tried = 0  # for the issue; alerts are tried again and again

    async def serve_connection(self, feed: Feed) -> None:
        self.tried += self._mailing.goes_on()
        raise Unavailable("mx:25: refused.", Outcome(Verdict.REQUEUED, "refused"))

    def describe(self) -> str:
        return "nowhere"


class HangsUp(NoWay):
    """Takes a message and drops the connection before it is begun."""

    async def serve_connection(self, feed: Feed) -> None:
        self.tried += self._mailing.goes_on()
        if (envelope := await feed.take()) is not None:
            await feed.settle(envelope, Outcome(Verdict.REQUEUED, "it closed the connection"))


@pytest.mark.parametrize("transport", [NoWay, HangsUp])
def test_so_many_connections_that_fail_in_a_row_stop_the_issue(
    mailing: Mailing, transport: type[NoWay]
) -> None:
    mailing.begin(30)
    way = transport(mailing)

    async def until_paused() -> None:
        sender = Sender(mailing.store(only(failures=20)), way, 1, now=lambda: NOW)
        sending = asyncio.create_task(sender.run())
        while mailing.goes_on():
            assert way.tried <= 20
            await asyncio.sleep(30)
        sender.stop()
        await sending

    with asyncio.Runner(loop_factory=CountedTime) as runner:
        runner.run(until_paused())
    assert way.tried == 20
    assert mailing.why.startswith("20 failures in a row. The last: ")
    assert mailing.balance == Balance(30, pending=30)
    assert [address for address, _ in mailing.alerts] == CURATORS


# A rule about us


def test_a_policy_reply_stops_the_issue_and_suppresses_nobody(mailing: Mailing) -> None:
    mailing.begin(60)
    mailing.send({"RCPT": [OK, OK, *[ABOUT_US] * 8]}, only(), connections=4)
    assert mailing.why == "The mail server refuses us: 550 5.7.1 your domain is on a list"
    assert mailing.balance == Balance(60, sent=2, pending=58)
    assert mailing.suppressed == 0
    assert mailing.alerts == [(address, mailing.why) for address in CURATORS]
    mailing.resume(LATER)
    mailing.send({}, only(), LATER)
    assert mailing.balance == Balance(60, sent=60)


def test_a_server_that_refuses_us_at_the_door_stops_the_issue(mailing: Mailing) -> None:
    mailing.begin(10)
    mailing.send({"CONNECT": [say("554 5.7.1 go away")]}, only())
    assert "554 5.7.1 go away" in mailing.why
    assert mailing.balance == Balance(10, pending=10)
    assert mailing.server.said("RCPT") == [f"RCPT TO:<{address}>" for address in CURATORS]
    assert [address for address, _ in mailing.alerts] == CURATORS


def test_a_policy_reply_does_not_take_a_cancelled_issue_up_again(mailing: Mailing) -> None:
    mailing.begin(3)
    store = mailing.store(Breakers())
    claims = store.claim(1, NOW)
    mailing.cancel(NOW)
    store.settle([Report(claims[0], Outcome(Verdict.BLOCKED, "no"), NOW)])
    assert mailing.issue.state is IssueState.CANCELLED
    assert mailing.alerts == []
    assert mailing.balance == Balance(3, excluded=3)


# All else goes on


def test_what_is_off_never_stops_anything(mailing: Mailing) -> None:
    mailing.begin(60)
    mailing.send({"RCPT": [DEAD] * 30 + [REFUSED] * 29}, only())
    mailing.comes_back(FeedbackKind.COMPLAINT, 9, NOW)
    mailing.look(NOW, "hard off, complaints off, failures off")
    assert mailing.issue.state is IssueState.SENT
    assert mailing.balance == Balance(60, sent=1, failed=59)
    assert mailing.alerts == []


def test_one_in_a_hundred_who_is_refused_stops_and_delays_nobody(mailing: Mailing) -> None:
    readers, poisoned = 2000, 20
    mailing.begin(readers)
    answers = [REFUSED] * poisoned + [OK] * (readers - poisoned)
    random.Random(8).shuffle(answers)
    mailing.send({"RCPT": answers}, Breakers(), connections=4)
    assert mailing.issue.state is IssueState.SENT
    assert mailing.balance == Balance(readers, sent=readers - poisoned, failed=poisoned)
    assert len(mailing.server.said("RCPT")) == readers  # each was tried once
    assert mailing.server.sessions <= 4  # and no connection ended over it
    assert mailing.suppressed == 0
    assert mailing.alerts == []
