"""The archive has what went out, and each of it is found by its slot in one statement."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.errors import NotFound
from newsletter.issues import archive
from newsletter.models.dataset import Version
from newsletter.models.issue import IssueState, Kind
from newsletter.storage import Storage
from tests import factories

MONDAY = date(2026, 11, 23)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


def dataset(session: Session, storage: Storage, slug: str = "penguins", *words: str) -> Version:
    return factories.dataset(session, storage, slug, keywords=list(words))


def test_only_what_went_out_is_listed_the_newest_first(db: Database, storage: Storage) -> None:
    with db.write() as session:
        version = dataset(session, storage)
        for week, state in enumerate(IssueState):
            factories.issue(session, version, MONDAY + timedelta(weeks=week), state)
    with db.read() as session:
        issues = archive.load(session, [issue.id for issue in archive.listed(session)])
        states = [IssueState.SENT, IssueState.PAUSED, IssueState.SENDING]
        assert [issue.state for issue in issues] == states
        latest = archive.latest(session)
        assert latest is not None
        assert latest.state is IssueState.SENT


def test_an_issue_of_each_kind_is_found_by_its_slot(db: Database, storage: Storage) -> None:
    with db.write() as session:
        version = dataset(session, storage)
        post = factories.post(session, version)
        factories.issue(session, version, page="monday", message=b"m")
        factories.issue(session, version, kind=Kind.CORRECTION, page="correction")
        mailed = factories.issue(session, version, kind=Kind.POST, post=post, page="post")
        mailed.version = None
        factories.issue(session, version, MONDAY + timedelta(7), IssueState.PLANNED, page="planned")
    with db.read() as session:
        for kind in Kind:
            suffix = "" if kind is Kind.REGULAR else f"-{kind.value}"
            assert archive.page_of(session, f"{MONDAY}{suffix}") == kind.value
        assert archive.message_of(session, f"{MONDAY}") == b"m"
        assert archive.message_of(session, f"{MONDAY}-correction") is None
        assert archive.chart_of(session, f"{MONDAY}") == version.chart_png
        assert archive.chart_of(session, f"{MONDAY}-post") is None
        for slot in ("2026-11-30", "2026-11-22", "2026-11-23-letter", "2026-W48-1", "x" * 99):
            with pytest.raises(NotFound):
                archive.page_of(session, slot)


def test_a_list_has_no_message_no_page_and_no_text_of_a_dataset(
    sqlite_db: Database, storage: Storage
) -> None:
    with sqlite_db.write() as session:
        key = factories.issue(session, dataset(session, storage), message=b"m").id
    with sqlite_db.read() as session:
        (issue,) = archive.load(session, [key])
        assert {"message", "page"} <= inspect(issue).unloaded
        assert {"description", "chart_drawn", "tables"} <= inspect(issue.version).unloaded
        assert issue.title
    with sqlite_db.read() as session:
        (issue,) = archive.load_whole(session, [key])
        assert issue.version is not None
        assert issue.version.description
        assert {"profile", "preview"} <= inspect(issue.version.tables[0]).unloaded


def test_issues_on_a_dataset_open_any_of_its_versions(db: Database, storage: Storage) -> None:
    with db.write() as session:
        version = dataset(session, storage)
        newer = factories.newer(session, storage, "penguins", "2.0.0", "a,b\n1,2\n")
        factories.issue(session, version)
        factories.issue(session, newer, MONDAY + timedelta(7))
        factories.issue(session, newer, MONDAY + timedelta(14), IssueState.PLANNED)
        factories.issue(session, dataset(session, storage, "nile"), MONDAY + timedelta(21))
    with db.read() as session:
        issues = archive.on_dataset(session, version.dataset_id)
        assert [issue.date for issue in issues] == [MONDAY + timedelta(7), MONDAY]


def test_the_previous_issue_on_a_topic_shares_a_keyword(db: Database, storage: Storage) -> None:
    keywords = {"birds": ["birds"], "rivers": ["water"], "ducks": ["water", "birds"]}
    with db.write() as session:
        issues = [
            factories.issue(
                session, dataset(session, storage, slug, *words), MONDAY + timedelta(weeks=week)
            )
            for week, (slug, words) in enumerate(keywords.items())
        ]
        assert archive.previous_on_topic(session, issues[2]) is issues[1]
        assert archive.previous_on_topic(session, issues[1]) is None
        assert archive.previous_on_topic(session, issues[0]) is None
