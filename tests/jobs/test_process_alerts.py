"""Who stopped is told of once, by whoever still runs, after it has lasted a while."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update

from newsletter import jobs
from newsletter.heartbeats.beat import BEAT_SECONDS
from newsletter.installation import Installation
from newsletter.jobs.process_alerts import MISSING_FOR, SILENT_FOR, Watch
from newsletter.models.process import Process, ProcessRole
from tests.heartbeats.rows import beat, roll_of
from tests.jobs.conftest import NOW, alerts

CLOCK, WORKER, WEB = ProcessRole.CLOCK, ProcessRole.WORKER, ProcessRole.WEB
CURATORS = 2


@pytest.fixture
def watch(installation: Installation) -> Watch:
    return Watch(installation.db)


def look(watch: Watch, installation: Installation, *seconds: float) -> list[str]:
    """Look from the first of these seconds to the last, at each beat between; the subjects of
    all alerts there are then."""
    roll, at = roll_of(installation.db), seconds[0]
    watch.look(roll, at, NOW)
    while at < seconds[-1]:
        at = min(at + BEAT_SECONDS, seconds[-1])
        watch.look(roll, at, NOW)
    return [alert.subject for alert in alerts(installation)]


def test_a_silent_clock_is_told_of_once_by_all_who_watch(
    watch: Watch, installation: Installation
) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, "attic", ago=40)
    assert look(watch, installation, 0, SILENT_FOR - 1) == []
    subjects = look(watch, installation, SILENT_FOR, SILENT_FOR + 10, 5 * SILENT_FOR)
    assert subjects == ["The clock on attic is silent"] * CURATORS
    assert "No issue will begin until it runs again." in alerts(installation)[0].lines
    other = Watch(installation.db)
    assert look(other, installation, 0, SILENT_FOR, 2 * SILENT_FOR) == subjects


def test_one_that_comes_back_in_time_is_not_told_of(
    watch: Watch, installation: Installation
) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, ago=40)
    look(watch, installation, 0, SILENT_FOR - 1)
    beat(installation.db, CLOCK)
    assert look(watch, installation, SILENT_FOR, 2 * SILENT_FOR) == []


def test_the_next_outage_is_another(watch: Watch, installation: Installation) -> None:
    beat(installation.db, WORKER)
    first = beat(installation.db, CLOCK, "one", ago=1000)
    look(watch, installation, 0, SILENT_FOR)
    with installation.db.write() as session:
        session.execute(delete(Process).where(Process.name == first))
    beat(installation.db, CLOCK, "one", ago=100)
    assert len(look(watch, installation, 100, 100 + SILENT_FOR)) == 2 * CURATORS


def test_who_did_not_watch_all_the_while_does_not_judge(
    watch: Watch, installation: Installation
) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, ago=200)
    look(watch, installation, 0, SILENT_FOR - 1)
    watch.begin_again()
    assert look(watch, installation, SILENT_FOR, 2 * SILENT_FOR - 1) == []
    assert len(look(watch, installation, 2 * SILENT_FOR)) == CURATORS


def test_one_that_was_halted_begins_again(watch: Watch, installation: Installation) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, ago=200)
    look(watch, installation, 0, SILENT_FOR - 1)
    assert look(watch, installation, 1000, 1000 + SILENT_FOR - 1) == []
    assert len(look(watch, installation, 1000 + SILENT_FOR)) == CURATORS


def test_a_worker_that_others_outlive_is_told_of(watch: Watch, installation: Installation) -> None:
    for role in ProcessRole:
        beat(installation.db, role, "one")
    beat(installation.db, WORKER, "two", ago=100)
    assert look(watch, installation, 0, SILENT_FOR) == ["The worker on two is silent"] * CURATORS
    assert "Another goes on meanwhile." in alerts(installation)[0].lines


def test_a_role_that_is_missing_has_ten_minutes_and_one_alert(
    watch: Watch, installation: Installation
) -> None:
    beat(installation.db, WEB)
    beat(installation.db, WORKER)
    assert look(watch, installation, 0, MISSING_FOR - 1) == []
    subjects = look(watch, installation, MISSING_FOR, 3 * MISSING_FOR)
    assert subjects == ["No clock is running"] * CURATORS
    other = Watch(installation.db)
    assert look(other, installation, 0, MISSING_FOR) == subjects


def test_a_wrong_clock_is_told_of_once_a_day(watch: Watch, installation: Installation) -> None:
    for role in ProcessRole:
        beat(installation.db, role)
    with installation.db.write() as session:
        session.execute(update(Process).values(clock_ahead=150.0, host="fast"))
    subjects = look(watch, installation, 0, SILENT_FOR, 2 * SILENT_FOR)
    assert subjects == ["The clock of fast is wrong"] * CURATORS
    tomorrow = timedelta(days=1)
    with installation.db.write() as session:
        for process in session.scalars(select(Process)):
            process.seen_at, process.silent_at = (
                process.seen_at + tomorrow,
                process.silent_at + tomorrow,
            )
    assert len(look(watch, installation, 1000, 1000 + SILENT_FOR)) == 2 * CURATORS


def test_a_database_that_refuses_is_asked_again(watch: Watch, installation: Installation) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, ago=100)
    look(watch, installation, 0, SILENT_FOR - 1)
    with installation.db.write() as session:
        session.execute(text("ALTER TABLE notice RENAME TO elsewhere"))
    watch.look(roll_of(installation.db), SILENT_FOR, NOW)
    with installation.db.write() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO notice"))
    assert len(look(watch, installation, SILENT_FOR + 10)) == CURATORS


def test_with_the_clock_dead_a_worker_still_mails_it(
    watch: Watch, installation: Installation
) -> None:
    beat(installation.db, WORKER)
    beat(installation.db, CLOCK, "attic", ago=100)
    look(watch, installation, 0, SILENT_FOR)
    assert jobs.deliver(installation) == CURATORS
    mails = list((Path(installation.settings.home) / "outbox" / "new").iterdir())
    assert len(mails) == CURATORS
    subjects = {message_from_bytes(mail.read_bytes(), policy=default)["Subject"] for mail in mails}
    assert subjects == {"[Dataset Daily] The clock on attic is silent"}
