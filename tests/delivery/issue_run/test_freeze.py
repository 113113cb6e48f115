"""What happens at the moment from which an issue cannot change, where it is of posts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.issue_run.freeze import freeze_issue
from newsletter.delivery.queue.ledger import claim
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.errors import Conflict, Invalid
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.dataset import Version
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue, IssueState, IssueVariant
from newsletter.models.post import Post, PostState
from newsletter.models.subscriber import Cadence
from newsletter.settings import Settings
from tests import factories
from tests.migrated import migrate

TUESDAY = datetime(2026, 11, 24, 9, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
BEFORE = date(2026, 11, 20)


@pytest.fixture
def house(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    with opened.db.write() as session:
        version = factories.dataset(session, opened.storage)
        factories.post(session, version, "who", PostState.DRAFT, title="Who is who")
        calendar.plan(session, MONDAY.date(), version, BEFORE, TUESDAY)
        for name, cadence in (("ann", Cadence.DAILY), ("bob", Cadence.MONDAY)):
            factories.subscriber(session, opened.signer, f"{name}@example.org", cadence=cadence)
    yield opened
    opened.db.close()


def the_post(session: Session) -> Post:
    return session.scalars(select(Post)).one()


def plan(house: Installation) -> int:
    with house.db.write() as session:
        issue = calendar.plan_post(session, TUESDAY.date(), the_post(session), BEFORE, TUESDAY)
        return issue.id


def begin(house: Installation, issue_id: int, now: datetime) -> bool:
    with house.db.write() as session:
        issue = session.get_one(Issue, issue_id)
        return freeze_issue(session, issue, house.settings, house.storage, now)


def begin_monday(house: Installation) -> int:
    with house.db.read() as session:
        issue_id = calendar.get(session, MONDAY.date()).id
    assert begin(house, issue_id, MONDAY)
    return issue_id


def test_a_post_is_public_from_the_moment_its_mailing_freezes(house: Installation) -> None:
    issue_id = plan(house)
    assert begin(house, issue_id, TUESDAY)
    assert not begin(house, issue_id, TUESDAY)
    with house.db.read() as session:
        issue, post = session.get_one(Issue, issue_id), the_post(session)
        assert (post.state, post.published_at) == (PostState.PUBLISHED, TUESDAY)
        assert issue.version_id == post.version_id  # what it was about then
        assert issue.candidates == 1
        assert issue.page is not None
        assert "Which two measurements" in issue.page


def test_a_post_that_is_not_ready_leaves_all_as_it_was(house: Installation) -> None:
    issue_id = plan(house)
    with house.db.write() as session:
        the_post(session).data = {"penguins": "0" * 64}
    with pytest.raises(Invalid, match="run it on this version"):
        begin(house, issue_id, TUESDAY)
    with house.db.read() as session:
        assert session.get_one(Issue, issue_id).state is IssueState.PLANNED
        assert the_post(session).state is PostState.DRAFT
        assert session.scalars(select(Delivery)).all() == []


def test_a_post_that_was_withdrawn_meanwhile_is_not_mailed(house: Installation) -> None:
    issue_id = plan(house)
    with house.db.write() as session:
        the_post(session).state = PostState.WITHDRAWN
    with pytest.raises(Conflict, match="was withdrawn"):
        begin(house, issue_id, TUESDAY)


def test_a_mailing_that_is_cancelled_leaves_its_post_a_draft(house: Installation) -> None:
    issue_id = plan(house)
    with house.db.write() as session:
        calendar.cancel(session, session.get_one(Issue, issue_id), TUESDAY)
    assert not begin(house, issue_id, TUESDAY)
    with house.db.read() as session:
        assert the_post(session).state is PostState.DRAFT


def test_each_reader_has_the_message_of_their_variant(house: Installation) -> None:
    begin(house, plan(house), TUESDAY)
    monday = begin_monday(house)
    envelopes = Envelopes(house.settings, house.storage, house.signer)
    with house.db.write() as session:
        claimed = claim(session, "worker", 10, MONDAY + timedelta(hours=1))
        # Of the Tuesday too, which is still owed: a worker has both messages at hand.
        for delivery in claimed:
            envelopes.read(session, delivery, MONDAY)
    assert len({c.issue_id for c in claimed}) == 2
    told = {
        c.address[:3]: b"Last week in code" in envelopes.for_delivery(c).content
        for c in claimed
        if c.issue_id == monday
    }
    assert told == {"ann": False, "bob": True}
    with house.db.read() as session:
        page = session.get_one(Issue, monday).page
        assert page is not None
        assert "/posts/who" in page
        assert session.scalars(select(IssueVariant.variant)).all() == [1]


def test_where_nobody_was_mailed_a_post_there_is_one_message(house: Installation) -> None:
    with house.db.write() as session:
        post = the_post(session)
        post.state, post.published_at = PostState.PUBLISHED, TUESDAY
    begin_monday(house)
    with house.db.read() as session:
        assert session.scalars(select(IssueVariant)).all() == []
        assert set(session.scalars(select(Delivery.variant))) == {0}


def test_messages_of_issues_that_closed_are_not_kept(house: Installation) -> None:
    tuesday = plan(house)
    begin(house, tuesday, TUESDAY)
    envelopes = Envelopes(house.settings, house.storage, house.signer)
    with house.db.write() as session:
        (owed,) = claim(session, "worker", 10, TUESDAY)
        envelopes.read(session, owed, TUESDAY)
        session.get_one(Issue, tuesday).closed_at = TUESDAY
    assert envelopes.for_delivery(owed)
    assert envelopes.knows(owed)
    monday = begin_monday(house)
    with house.db.read() as session:
        envelopes.read(session, owed._replace(issue_id=monday), MONDAY)
    assert not envelopes.knows(owed)


def test_a_version_is_published_with_its_monday(house: Installation) -> None:
    """As it was before there were posts."""
    begin_monday(house)
    with house.db.read() as session:
        assert session.scalars(select(Version)).one().published_at is not None
