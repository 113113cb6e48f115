"""To check the catalog when a person asks for it: now, or as a task in the background."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.checks.examination import examine
from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.models.task import Task
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition
from newsletter.tasks.queueing import defer, new_task


def check_catalog(attempt: Attempt, slugs: list[str]) -> dict[str, Any]:
    """What is to be said of the datasets ``slugs``, or of all that are published."""
    installation = attempt.installation

    findings = examine(
        installation.db,
        installation.storage,
        installation.settings,
        clock.now(),
        slugs,
        on_progress=attempt.progress,
    )
    with attempt.commit(note=""):
        pass
    wrong = sum(finding.weight is Weight.WRONG for finding in findings)
    attempt.log(f"Findings: {len(findings)}; to mend: {wrong}.")
    return {"findings": [asdict(finding) for finding in findings]}


CHECK_CATALOG = Definition(
    name="check-catalog",
    title="Check the catalog",
    run=check_catalog,
    lock="check-catalog",
    key="check-catalog {slugs}",
)


def start_check(session: Session, slugs: Sequence[str], started_by: str, now: datetime) -> Task:
    """Promise a check. Raises NotFound for a slug that no dataset has."""
    return defer(session, CHECK_CATALOG, started_by, now, slugs=_known(session, slugs))


def check_now(session: Session, slugs: Sequence[str], started_by: str, now: datetime) -> Task:
    """The same for whoever runs it in the foreground: no worker is told. Raises NotFound."""
    return new_task(session, CHECK_CATALOG, started_by, now, slugs=_known(session, slugs))


def findings_of(task: Task) -> list[Finding]:
    """What a check that is done came to."""
    kept = (task.result or {}).get("findings", [])
    return [Finding(**{**finding, "weight": Weight(finding["weight"])}) for finding in kept]


def _known(session: Session, slugs: Sequence[str]) -> list[str]:
    return [datasets.get(session, slug).slug for slug in dict.fromkeys(slugs)]
