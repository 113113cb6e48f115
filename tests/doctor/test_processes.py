"""What doctor says of the clock, the worker and issues that nobody begins."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from newsletter.doctor.findings import State
from newsletter.doctor.processes import examine_issues, examine_processes
from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from newsletter.models.process import Process, ProcessRole
from tests import factories
from tests.heartbeats.rows import beat

BEGIN = datetime(2026, 11, 23, 9, tzinfo=UTC)


def states(installation: Installation) -> list[State]:
    return [finding.state for finding in examine_processes(installation)]


def test_clock_and_worker_that_run_are_well(installation: Installation) -> None:
    beat(installation.db, ProcessRole.CLOCK)
    beat(installation.db, ProcessRole.WORKER)
    assert states(installation) == [State.OK, State.OK]


def test_a_missing_clock_and_a_silent_worker_are_wrong(installation: Installation) -> None:
    beat(installation.db, ProcessRole.WORKER, ago=100)
    clock, worker = examine_processes(installation)
    assert (clock.state, worker.state) == (State.WRONG, State.WRONG)
    assert clock.sentence.startswith("No clock is running.")
    assert clock.sentence.endswith("Start `newsletter run`, or `newsletter clock`.")
    assert worker.sentence.startswith("The worker has been silent since ")


def test_a_lost_worker_beside_one_that_goes_on_is_a_warning(installation: Installation) -> None:
    beat(installation.db, ProcessRole.CLOCK)
    beat(installation.db, ProcessRole.WORKER, "one")
    beat(installation.db, ProcessRole.WORKER, "two", ago=100)
    assert states(installation) == [State.OK, State.OK, State.WARNING]


def test_a_clock_that_differs_from_the_servers_is_wrong(installation: Installation) -> None:
    beat(installation.db, ProcessRole.CLOCK)
    beat(installation.db, ProcessRole.WORKER)
    with installation.db.write() as session:
        session.execute(update(Process).values(clock_ahead=3.0))
    assert states(installation) == [State.OK, State.OK, State.WRONG]


@pytest.mark.parametrize(("minutes", "state"), [(4, State.OK), (6, State.WRONG)])
def test_a_planned_issue_that_has_not_begun_in_time_is_wrong(
    installation: Installation, minutes: int, state: State
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, BEGIN.date(), IssueState.PLANNED)
    [finding] = examine_issues(installation, BEGIN + timedelta(minutes=minutes))
    assert finding.state is state
    if state is State.WRONG:
        assert "The issue of 2026-11-23 should have begun at 2026-11-23 09:00 UTC" in (
            finding.sentence
        )


def test_an_issue_that_has_begun_is_not_overdue(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, BEGIN.date(), IssueState.SENDING)
    [finding] = examine_issues(installation, BEGIN + timedelta(days=1))
    assert finding.state is State.OK


def test_an_issue_whose_deadline_passed_is_wrong(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, BEGIN.date(), IssueState.LATE)
    [finding] = examine_issues(installation, BEGIN + timedelta(days=2))
    assert finding.state is State.WRONG
    assert "`newsletter issue send 2026-11-23 --now`" in finding.sentence
