"""Stop what does harm."""

from datetime import datetime

from newsletter.delivery.issue_run.circuit_breakers import act, excess_of, watched
from newsletter.installation import Installation
from newsletter.jobs.run import JobRun


def check_breakers(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Stop an issue of which too much bounces or is reported as spam; tell the curators."""
    run = run or JobRun()
    breakers = installation.settings.breakers
    with installation.db.read() as session:
        issue_ids = watched(session, now)
    for issue_id in issue_ids:
        with run.item(f"the breakers of issue {issue_id}"):
            with installation.db.read() as session:
                is_too_much = excess_of(session, issue_id, breakers) is not None
            if is_too_much:
                with installation.db.write() as session:
                    act(session, issue_id, breakers, now)
