"""Which posts a Monday issue lists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.issues import calendar, round_up
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post, PostState
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LAST_MONDAY = MONDAY - 7 * DAY


class House:
    def __init__(self, session: Session, settings: Settings, version: Version) -> None:
        self.session = session
        self.settings = settings
        self.version = version
        self.monday = calendar.plan(session, MONDAY.date(), version, date(2026, 11, 1), MONDAY)

    def post(self, slug: str, at: datetime, state: PostState = PostState.PUBLISHED) -> Post:
        return factories.post(self.session, self.version, slug, state, published_at=at)

    def issue(
        self, kind: Kind, day: datetime, state: IssueState, post: Post | None = None
    ) -> Issue:
        begun = state not in (IssueState.PLANNED, IssueState.LATE)
        made = Issue(
            kind=kind,
            date=day.date(),
            state=state,
            created_at=LAST_MONDAY,
            post=post,
            frozen_at=day if begun else None,
        )
        self.session.add(made)
        self.session.flush()
        return made

    @property
    def listed(self) -> list[str]:
        found = round_up.posts_of(self.session, self.monday, self.settings)
        return [post.slug for post in found]


@pytest.fixture
def house(db: Database, settings: Settings, tmp_path: Path) -> Iterator[House]:
    with db.write() as session:
        version = factories.dataset(session, Storage(tmp_path / "storage"))
        yield House(session, settings, version)


def test_it_lists_what_became_public_since_the_monday_before_in_order(house: House) -> None:
    house.issue(Kind.REGULAR, LAST_MONDAY, IssueState.SENT)
    house.post("friday", MONDAY - 3 * DAY)
    house.post("tuesday", MONDAY - 6 * DAY)
    house.post("before", LAST_MONDAY - DAY)
    assert house.listed == ["tuesday", "friday"]


def test_the_first_monday_lists_the_week_before_it(house: House) -> None:
    house.post("long-ago", MONDAY - 9 * DAY)
    house.post("lately", MONDAY - 6 * DAY)
    assert house.listed == ["lately"]


def test_a_monday_that_was_skipped_or_cancelled_is_made_up_for(house: House) -> None:
    house.issue(Kind.REGULAR, LAST_MONDAY - 7 * DAY, IssueState.SENT)
    house.issue(Kind.REGULAR, LAST_MONDAY, IssueState.CANCELLED)
    house.post("two-weeks-ago", LAST_MONDAY - 3 * DAY)
    assert house.listed == ["two-weeks-ago"]


@pytest.mark.parametrize("state", [PostState.DRAFT, PostState.WITHDRAWN])
def test_what_is_not_public_is_not_listed(house: House, state: PostState) -> None:
    house.post("hidden", MONDAY - DAY, state)
    assert house.listed == []


def test_a_post_whose_mailing_is_planned_waits_for_it(house: House) -> None:
    post = house.post("early", MONDAY - DAY)
    mailing = house.issue(Kind.POST, MONDAY + DAY, IssueState.PLANNED, post)
    assert house.listed == []
    calendar.cancel(house.session, mailing, MONDAY - DAY)
    assert house.listed == ["early"]


def test_a_post_that_was_mailed_long_after_it_was_published_is_listed_after_that(
    house: House,
) -> None:
    house.issue(Kind.REGULAR, LAST_MONDAY, IssueState.SENT)
    post = house.post("old", LAST_MONDAY - 30 * DAY)
    house.issue(Kind.POST, MONDAY - DAY, IssueState.SENT, post)
    assert house.listed == ["old"]


def test_what_was_kept_stays_and_is_listed_by_no_other_monday(house: House) -> None:
    house.post("tuesday", MONDAY - 6 * DAY)
    house.monday.state, house.monday.frozen_at = IssueState.SENDING, MONDAY
    round_up.save(house.session, house.monday, house.settings)
    house.post("too-late", MONDAY - DAY)
    assert house.listed == ["tuesday"]
    nearly = house.post("nearly-missed", MONDAY - timedelta(minutes=1))
    next_ = calendar.plan(
        house.session, (MONDAY + 7 * DAY).date(), house.version, date(2026, 11, 1), MONDAY
    )
    found = round_up.posts_of(house.session, next_, house.settings)
    assert found == [nearly]  # a moment before it froze: its process had not seen it yet


def test_a_mailing_that_was_broken_off_after_the_round_up_is_listed_once_more(
    house: House,
) -> None:
    post = house.post("friday", MONDAY - 3 * DAY)
    mailing = house.issue(Kind.POST, MONDAY - 3 * DAY, IssueState.PAUSED, post)
    house.monday.state, house.monday.frozen_at = IssueState.SENT, MONDAY
    round_up.save(house.session, house.monday, house.settings)
    calendar.cancel(house.session, mailing, MONDAY + DAY)
    next_ = calendar.plan(
        house.session, (MONDAY + 7 * DAY).date(), house.version, date(2026, 11, 1), MONDAY
    )
    assert round_up.posts_of(house.session, next_, house.settings) == [post]


def test_it_lists_the_newest_as_many_as_a_reader_can_be_told_apart_by(house: House) -> None:
    for n in range(round_up.POSTS_AT_MOST + 2):
        house.post(f"post-{n:02d}", MONDAY - 2 * DAY + timedelta(minutes=n))
    assert house.listed == [f"post-{n:02d}" for n in range(2, round_up.POSTS_AT_MOST + 2)]
