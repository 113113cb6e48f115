"""The thread that says that a process lives: from its start to its clean end."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import text

from newsletter import clock
from newsletter.heartbeats.beat import Beat
from newsletter.installation import Installation
from newsletter.jobs import heartbeat
from newsletter.jobs.heartbeat import Heartbeat, beating, record_one_run
from newsletter.models.process import ProcessRole
from newsletter.settings import Settings
from tests.heartbeats.rows import age, names, roll_of
from tests.migrated import migrate

CLOCK, WORKER = ProcessRole.CLOCK, ProcessRole.WORKER


@pytest.fixture
def on_both(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    yield opened
    opened.db.close()


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Beats follow each other at once; it waits until so many more have been made."""
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.01)
    monkeypatch.setattr(heartbeat, "RETRY_SECONDS", 0.01)
    made = threading.Semaphore(0)
    learn = Heartbeat._learn

    def counted(self: Heartbeat, beat: Beat) -> None:
        learn(self, beat)
        made.release()

    monkeypatch.setattr(Heartbeat, "_learn", counted)

    def wait_for(count: int) -> None:
        for _ in range(count):
            assert made.acquire(timeout=60)

    return wait_for


def test_it_is_seen_while_it_lives_and_not_after(
    on_both: Installation, beats: Callable[[int], None]
) -> None:
    with beating(on_both, CLOCK, WORKER):
        beats(6)
        assert [standing.is_running for standing in roll_of(on_both.db).standings] == [True, True]
    assert names(on_both.db) == set()


def test_its_row_is_taken_away_though_others_waits_were_cut(
    on_both: Installation, beats: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 60)
    with beating(on_both, WORKER):
        beats(1)
        on_both.db.cut()
    assert names(on_both.db) == set()


def test_it_goes_on_after_the_database_was_away_and_says_so_once(
    on_both: Installation, beats: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    with beating(on_both, CLOCK):
        beats(1)
        for _ in range(2):
            with on_both.db.write() as session:
                session.execute(text("ALTER TABLE process RENAME TO elsewhere"))
            _wait_for_log(caplog)
            with on_both.db.write() as session:
                session.execute(text("ALTER TABLE elsewhere RENAME TO process"))
            beats(3)
            assert _events(caplog) == [("heartbeat_failed", None)]
            caplog.clear()
    assert names(on_both.db) == set()


def test_a_clock_that_differs_is_in_the_log_once(
    on_both: Installation, beats: Callable[[int], None], caplog: pytest.LogCaptureFixture
) -> None:
    with time_machine.travel(clock.now() + timedelta(seconds=150)), beating(on_both, CLOCK):
        beats(5)
        wrong = list(roll_of(on_both.db).wrong_clocks().values())
    if on_both.db.is_sqlite:
        assert (_events(caplog), wrong) == ([], [])
    else:
        assert _events(caplog) == [("clock_differs", 150)]
        assert "150 s ahead" in wrong[0]


def test_a_run_of_cron_counts_for_an_hour(on_both: Installation) -> None:
    record_one_run(on_both, WORKER)
    record_one_run(on_both, WORKER)
    [name] = names(on_both.db)
    age(on_both.db, name, 3500)
    assert roll_of(on_both.db).of_role(WORKER).is_running
    age(on_both.db, name, 200)
    assert not roll_of(on_both.db).of_role(WORKER).is_running


def _events(caplog: pytest.LogCaptureFixture) -> list[tuple[str, float | None]]:
    """What was logged, with the seconds that a clock is ahead."""
    values = [vars(record) for record in caplog.records if record.name == heartbeat.log.name]
    return [(v["event"], round(v["ahead"]) if "ahead" in v else None) for v in values]


def _wait_for_log(caplog: pytest.LogCaptureFixture) -> None:
    deadline = time.monotonic() + 60
    while not _events(caplog):
        assert time.monotonic() < deadline, "nothing was logged"
        time.sleep(0.01)
