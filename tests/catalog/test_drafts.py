import pytest

from newsletter import clock
from newsletter.catalog import datasets, drafts
from newsletter.db import Database
from newsletter.errors import Conflict, NotFound
from newsletter.models import Issue, Version
from newsletter.models.dataset import VersionState
from newsletter.models.issue import IssueState
from newsletter.storage import Storage
from tests import factories
from tests.factories import LONG_AGO as NOW


@pytest.fixture
def storage(tmp_path: object) -> Storage:
    return Storage.from_url(f"{tmp_path}/storage")


def draft(db: Database, storage: Storage, slug: str = "seals") -> Version:
    with db.write() as session:
        return factories.dataset(session, storage, slug, state=VersionState.DRAFT)


def test_a_dataset_that_was_only_a_draft_is_gone(db: Database, storage: Storage) -> None:
    draft(db, storage)
    with db.write() as session:
        assert drafts.delete(session, "seals", NOW).number == "1.0.0"
    with db.read() as session, pytest.raises(NotFound):
        datasets.newest(session, "seals")


def test_what_was_published_before_it_stays(db: Database, storage: Storage) -> None:
    with db.write() as session:
        first = factories.dataset(session, storage, "seals")
        session.add(
            Version(
                dataset=first.dataset, number="1.1.0", title="x", summary="y", description="z",
                digest="", created_at=clock.now(), modified_at=clock.now(),
            )
        )  # fmt: skip
    with db.write() as session:
        drafts.delete(session, "seals", NOW)
    with db.write() as session:
        assert datasets.newest(session, "seals").number == "1.0.0"
        with pytest.raises(Conflict, match="only a draft can be deleted"):
            drafts.delete(session, "seals", NOW)


@pytest.mark.parametrize("state", [IssueState.PLANNED, IssueState.CANCELLED])
def test_one_that_is_planned_is_taken_off_its_day_first(
    db: Database, storage: Storage, state: IssueState
) -> None:
    version = draft(db, storage)
    with db.write() as session:
        day = factories.MONDAY
        issue = Issue(date=day, version_id=version.id, state=state, created_at=clock.now())
        session.add(issue)
    if state is IssueState.PLANNED:
        with db.write() as session, pytest.raises(Conflict, match="planned for 2026-11-23: take"):
            drafts.delete(session, "seals", NOW)
        return
    with db.write() as session:
        drafts.delete(session, "seals", NOW)
    with db.read() as session:
        assert session.get_one(Issue, issue.id).version_id is None


def test_one_with_posts_on_it_stays(db: Database, storage: Storage) -> None:
    version = draft(db, storage)
    with db.write() as session:
        factories.post(session, session.get_one(Version, version.id), "who-is-who")
    with db.write() as session, pytest.raises(Conflict, match="There are posts on seals"):
        drafts.delete(session, "seals", NOW)
