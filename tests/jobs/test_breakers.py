"""An issue whose numbers cannot be counted leaves the breakers of the others working."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run import circuit_breakers
from newsletter.installation import Installation
from newsletter.jobs import JobRun, breakers, check_breakers
from newsletter.models.issue import IssueState
from newsletter.rates import Breakers
from tests import factories
from tests.jobs.conftest import NOW


def test_an_issue_that_cannot_be_counted_stops_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        ids = [
            factories.issue(
                session, version, NOW.date() - timedelta(weeks=weeks), IssueState.SENDING
            ).id
            for weeks in range(3)
        ]

    def excess_of(session: Session, issue_id: int, limits: Breakers) -> str | None:
        counted.append(issue_id)
        if issue_id == ids[0]:
            raise ArithmeticError
        return circuit_breakers.excess_of(session, issue_id, limits)

    monkeypatch.setattr(breakers, "excess_of", excess_of)
    run = JobRun()
    check_breakers(installation, NOW, run)
    assert sorted(counted) == ids
    assert run.failed_items == [f"the breakers of issue {ids[0]}"]
