"""To check the catalog: when a person asks for it, and once a week."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.checks import weeks
from newsletter.catalog.checks.digest import digest
from newsletter.catalog.checks.examination import examine
from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.issues.notices import alert_curators
from newsletter.models.task import Task
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition
from newsletter.tasks.queueing import BY_THE_CLOCK, defer

LOCK = "check-catalog"  # sources are asked by one check at a time


def check_catalog(attempt: Attempt, slugs: list[str]) -> dict[str, Any]:
    """What is to be said of the datasets ``slugs``, or of all that are published."""
    findings = _examined(attempt, slugs)
    with attempt.commit(note=""):
        pass
    return _result(attempt, findings)


def check_week(attempt: Attempt, week: str) -> dict[str, Any]:
    """The same once a week, of all: the curators are mailed what there is to say."""
    findings = _examined(attempt, ())
    mail, now = digest(findings), clock.now()
    with attempt.commit(note="") as session:
        if mail is not None:
            subject, lines = mail
            alert_curators(session, subject, lines, "/admin/datasets/", f"upkeep {week}", now)
        weeks.finish(session, week, now)
    return _result(attempt, findings)


CHECK_CATALOG = Definition(
    name="check-catalog",
    title="Check the catalog",
    run=check_catalog,
    lock=LOCK,
    key="check-catalog {slugs}",
)
CHECK_WEEK = Definition(
    name="check-catalog-weekly",
    title="Check the catalog, once a week",
    run=check_week,
    priority=-1,
    lock=LOCK,
)


def start_check(session: Session, slugs: Sequence[str], started_by: str, now: datetime) -> Task:
    """Promise a check. Raises NotFound for a slug that no dataset has."""
    return defer(session, CHECK_CATALOG, started_by, now, slugs=known(session, slugs))


def start_weekly_check(session: Session, week: str, now: datetime) -> bool:
    """Promise the check of a week, if nobody has yet; returns whether it was promised now."""
    if not weeks.begin(session, week, now):
        return False
    defer(session, CHECK_WEEK, BY_THE_CLOCK, now, week=week)
    return True


def findings_of(task: Task) -> list[Finding]:
    """What a check that is done came to."""
    kept = (task.result or {}).get("findings", [])
    return [Finding(**{**finding, "weight": Weight(finding["weight"])}) for finding in kept]


def known(session: Session, slugs: Sequence[str]) -> list[str]:
    """The slugs, each once. Raises NotFound for one that no dataset has."""
    return [datasets.get(session, slug).slug for slug in dict.fromkeys(slugs)]


def _examined(attempt: Attempt, slugs: Sequence[str]) -> list[Finding]:
    opened, now = attempt.installation, clock.now()
    return examine(
        opened.db, opened.storage, opened.settings, now, slugs, on_progress=attempt.progress
    )


def _result(attempt: Attempt, findings: list[Finding]) -> dict[str, Any]:
    wrong = sum(finding.weight is Weight.WRONG for finding in findings)
    attempt.log(f"Findings: {len(findings)}; to mend: {wrong}.")
    return {"findings": [asdict(finding) for finding in findings]}
