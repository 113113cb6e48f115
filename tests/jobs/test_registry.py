"""Every job is run, whatever becomes of the others, and a failure is told of once."""

import logging
from datetime import datetime, timedelta

import pytest

from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.jobs import JOBS, LOCAL_JOBS, Job, JobRun, run_all
from tests.jobs.conftest import NOW, alerts

SECRET = "ada@example.org"


def broken(installation: Installation, now: datetime, run: JobRun) -> None:
    raise LookupError(f"a text with {SECRET}")


def refusing(installation: Installation, now: datetime, run: JobRun) -> None:
    raise Refused("Set the thing first.")


def half_broken(installation: Installation, now: datetime, run: JobRun) -> None:
    for name in ("one", "two", "three"):
        with run.item(name):
            if name != "two":
                raise LookupError(name)
            run_before.append(name)


def whole(installation: Installation, now: datetime, run: JobRun) -> None:
    run_before.append("whole")


run_before: list[str] = []
EVERY = timedelta(minutes=1)
BROKEN, REFUSING = Job(broken, EVERY, "fail"), Job(refusing, EVERY, "refuse")
TOLD = Job(half_broken, EVERY, "do half", alerts_of_items=True)
HALF, WHOLE = Job(half_broken, EVERY, "do half"), Job(whole, EVERY, "do all")


@pytest.fixture(autouse=True)
def nothing_was_run() -> None:
    run_before.clear()


def test_a_job_that_fails_stops_none_after_it(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    assert run_all(installation, NOW, (BROKEN, HALF, WHOLE)) == [BROKEN, HALF]
    assert run_before == ["two", "whole"]
    events = [(r.__dict__["event"], r.levelno) for r in caplog.records]
    assert events == [
        ("job_failed", logging.ERROR),
        ("job_item_failed", logging.ERROR),
        ("job_item_failed", logging.ERROR),
        ("job_incomplete", logging.ERROR),
    ]
    assert caplog.records[-1].__dict__["failed"] == 2


def test_each_curator_is_told_once_a_day_and_nothing_private(installation: Installation) -> None:
    for minutes in range(3):
        run_all(installation, NOW + timedelta(minutes=minutes), (BROKEN, REFUSING))
    made = alerts(installation)
    assert [notice.subject for notice in made] == [
        *["The job broken failed"] * 2,
        *["The job refusing failed"] * 2,
    ]
    assert made[0].lines[:2] == ["It is there to fail.", "It ended with LookupError."]
    assert made[2].lines[1] == "Set the thing first."
    assert all(SECRET not in " ".join(notice.lines) for notice in made)
    run_all(installation, NOW + timedelta(days=1), (BROKEN,))
    assert len(alerts(installation)) == 6


def test_of_items_that_fail_each_curator_is_told_once_a_day(installation: Installation) -> None:
    for minutes in range(3):
        run_all(installation, NOW + timedelta(minutes=minutes), (HALF, TOLD))
    made = alerts(installation)
    assert [notice.subject for notice in made] == ["The job half_broken could not do all"] * 2
    assert made[0].lines[:2] == [
        "It is there to do half.",
        "It failed for one, three. All others were done.",
    ]


def test_where_nobody_can_be_told_the_next_job_is_run_all_the_same(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    with installation.db.write() as session:
        session.connection().exec_driver_sql("DROP TABLE notice")
    assert run_all(installation, NOW, (BROKEN, WHOLE)) == [BROKEN]
    assert run_before == ["whole"]
    assert caplog.records[-1].__dict__["event"] == "alert_failed"


def test_each_job_has_a_name_of_its_own_and_says_what_it_is_for() -> None:
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert all(job.purpose[0].islower() and not job.purpose.endswith(".") for job in JOBS)
    ask_strangers = {job.name for job in JOBS} - {job.name for job in LOCAL_JOBS}
    assert ask_strangers == {"check_catalog", "ping_heartbeat_url"}


def test_all_of_them_run_on_a_new_home(installation: Installation) -> None:
    assert run_all(installation, NOW, LOCAL_JOBS) == []
