"""What a withdrawal does to issues that go out, and which files go with what is given up."""

import os
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets, discarding, drafts
from newsletter.delivery.issue_run.retry import retry
from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.jobs.retention import erase_withdrawn, remove_discarded_files
from newsletter.models import Notice
from newsletter.models.curator import Curator
from newsletter.models.dataset import Erratum, VersionState
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.services.datasets import withdrawing
from tests import factories
from tests.factories import TUESDAY as NOW

REASON = "It holds the addresses of observers."


def issue_of(session: Session) -> Issue:
    return calendar.get(session, factories.MONDAY)


def test_an_issue_that_goes_out_is_paused_and_never_resumed(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, state=IssueState.SENDING, message=b"frozen")
        effects = withdrawing.withdraw(session, "penguins", REASON, NOW)
        assert [issue.slot for issue in effects.going_out] == ["2026-11-23"]
    with installation.db.write() as session:
        issue = issue_of(session)
        assert (issue.state, issue.pause_reason) == (
            IssueState.PAUSED,
            f"penguins 1.0.0 was withdrawn: {REASON}",
        )
        for go_on in (calendar.resume, retry):
            with pytest.raises(Conflict, match="which was withdrawn: cancel the issue"):
                go_on(session, issue, NOW)
        with pytest.raises(Conflict, match="was withdrawn"):
            calendar.plan(session, date(2026, 12, 7), version, NOW.date(), NOW)
    erase_withdrawn(installation, NOW + timedelta(days=1))
    with installation.db.read() as session:
        issue = issue_of(session)
        assert (issue.state, issue.message, issue.page) == (IssueState.CANCELLED, None, None)


@pytest.mark.parametrize(
    ("number", "planned", "corrections", "lines"),
    [
        ("1.0.0", [], ["2026-12-01-correction"], "Planned to correct it: 2026-12-01-correction."),
        ("1.0.1", [], ["2026-12-01-correction"], "Planned to correct it: 2026-12-01-correction."),
        ("1.0.2", ["2026-12-01-correction"], [], "It is planned for: 2026-12-01-correction."),
        (None, ["2026-12-01-correction"], [], "It is planned for: 2026-12-01-correction."),
    ],
)
def test_curators_are_told_of_a_planned_correction_whichever_of_its_versions_goes(
    installation: Installation,
    number: str | None,
    planned: list[str],
    corrections: list[str],
    lines: str,
) -> None:
    with installation.db.write() as session:
        address = {"address": "ada@example.org", "address_key": "ada@example.org"}
        session.add(Curator(password_hash="", created_at=NOW, **address))
        before = factories.dataset(session, installation.storage)
        factories.issue(session, before)
        for patch in ("1.0.1", "1.0.2"):
            after = factories.newer(session, installation.storage, "penguins", patch, "a\n1\n")
            session.add(
                Erratum(version=before, corrected_by=after, note="Wrong.", published_at=NOW)
            )
            before = after
        calendar.take_slot(session, Kind.CORRECTION, date(2026, 12, 1), after, NOW)
        effects = withdrawing.withdraw(session, "penguins", REASON, NOW, number)
        assert [issue.slot for issue in effects.planned] == planned
        assert [issue.slot for issue in effects.corrections] == corrections
        (notice,) = session.scalars(select(Notice))
        assert lines in " ".join(notice.lines)


def test_the_files_of_a_draft_go_but_those_that_something_else_has(
    installation: Installation,
) -> None:
    storage = installation.storage
    with installation.db.write() as session:
        tables = {"penguins": factories.PENGUINS, "seals": "bank,n\nRobben,3\n"}
        kept = factories.dataset(session, storage, "kept")
        draft = factories.dataset(session, storage, "given-up", tables, VersionState.DRAFT)
        stay, all_of_it = discarding.keys_of(kept), discarding.keys_of(draft)
        drafts.delete(session, "given-up", NOW)
    go = all_of_it - stay
    remove_discarded_files(installation, NOW)  # put a moment ago, by whoever
    assert all(map(storage.exists, go))
    for key in go:
        os.utime(storage.path(key), (0, 0))
    beside = storage.path(f"{min(go)}.gz")
    beside.touch()
    remove_discarded_files(installation, NOW)
    assert not any(map(storage.exists, go))
    assert not beside.exists()
    assert all(map(storage.exists, stay))
    with installation.db.read() as session:
        assert datasets.find(session, "given-up") is None
