"""A slot is taken once, changed until it freezes, and moved only where its state allows."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.errors import Conflict, Invalid, NotFound, Refused, SlotTaken
from newsletter.issues import calendar
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post, PostState
from newsletter.storage import Storage
from tests import factories

NOW = datetime(2026, 11, 19, 9, tzinfo=UTC)
TODAY = NOW.date()  # a Thursday
MONDAY = date(2026, 11, 23)


@pytest.fixture
def version(sqlite_db: Database, tmp_path: Path) -> Version:
    with sqlite_db.write() as session:
        return factories.dataset(session, Storage(tmp_path / "storage"))


def state_of(db: Database, day: date = MONDAY) -> IssueState:
    with db.read() as session:
        return calendar.get(session, day).state


def issue_in(session: Session, state: IssueState, day: date = MONDAY) -> Issue:
    frozen = None if state in (IssueState.PLANNED, IssueState.LATE) else NOW
    issue = Issue(date=day, state=state, created_at=NOW, frozen_at=frozen)
    session.add(issue)
    session.flush()
    return issue


def test_a_monday_is_planned_for_a_dataset(sqlite_db: Database, version: Version) -> None:
    with sqlite_db.write() as session:
        calendar.plan(session, MONDAY, session.merge(version), TODAY, NOW)
    with sqlite_db.read() as session:
        issue = calendar.get(session, MONDAY)
        assert issue.version_id == version.id
        assert issue.state is IssueState.PLANNED
        assert issue.created_at == NOW


def test_today_can_be_planned(sqlite_db: Database, version: Version) -> None:
    with sqlite_db.write() as session:
        calendar.plan(session, MONDAY, session.merge(version), MONDAY, NOW)
    assert state_of(sqlite_db) is IssueState.PLANNED


@pytest.mark.parametrize(
    ("day", "near"),
    [
        (date(2026, 11, 20), "2026-11-23"),  # the Monday of that week has passed
        (date(2026, 11, 26), "2026-11-23"),
        (date(2026, 12, 6), "2026-11-30"),
        (date.max, "9999-12-27"),
    ],
)
def test_it_refuses_a_day_that_is_no_monday_and_names_one(
    sqlite_db: Database, version: Version, day: date, near: str
) -> None:
    with sqlite_db.write() as session, pytest.raises(Invalid, match=near) as refused:
        calendar.plan(session, day, version, TODAY, NOW)
    assert set(refused.value.fields) == {"date"}


def test_it_refuses_a_monday_that_has_passed(sqlite_db: Database, version: Version) -> None:
    with sqlite_db.write() as session, pytest.raises(Invalid, match="has passed") as refused:
        calendar.plan(session, MONDAY - timedelta(weeks=1), version, TODAY, NOW)
    assert set(refused.value.fields) == {"date"}


@pytest.mark.parametrize("state", [s for s in IssueState if s is not IssueState.CANCELLED])
def test_it_refuses_a_slot_that_is_taken(
    sqlite_db: Database, version: Version, state: IssueState
) -> None:
    with sqlite_db.write() as session:
        issue_in(session, state).version = session.merge(version)
    with sqlite_db.write() as session, pytest.raises(SlotTaken, match=version.title):
        calendar.plan(session, MONDAY, session.merge(version), TODAY, NOW)


def test_a_cancelled_issue_that_mailed_nobody_gives_its_slot_back(
    sqlite_db: Database, version: Version
) -> None:
    with sqlite_db.write() as session:
        cancelled = issue_in(session, IssueState.PLANNED)
        calendar.cancel(session, cancelled, NOW)
        calendar.plan(session, MONDAY, session.merge(version), TODAY, NOW)
    with sqlite_db.read() as session:
        assert [i.state for i in session.scalars(select(Issue))] == [IssueState.PLANNED]


def test_an_issue_cancelled_after_it_began_keeps_its_slot(
    sqlite_db: Database, version: Version
) -> None:
    with sqlite_db.write() as session:
        calendar.cancel(session, issue_in(session, IssueState.SENDING), NOW)
    with sqlite_db.write() as session, pytest.raises(SlotTaken, match="after it began"):
        calendar.plan(session, MONDAY, session.merge(version), TODAY, NOW)
    assert state_of(sqlite_db) is IssueState.CANCELLED


def at_once(work: Callable[[], object], times: int) -> list[object]:
    """What ``times`` threads return, or are refused with, when they begin together."""
    together = threading.Barrier(times)
    came_of_it: list[object] = []

    def run() -> None:
        together.wait()
        try:
            came_of_it.append(work())
        except Refused as error:
            came_of_it.append(type(error))

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came_of_it


def test_of_many_who_plan_one_slot_at_once_one_has_it(db: Database, tmp_path: Path) -> None:
    with db.write() as session:
        version = factories.dataset(session, Storage(tmp_path / "storage"))

    def plan() -> str:
        with db.write() as session:
            calendar.plan(session, MONDAY, session.merge(version), TODAY, NOW)
        return "mine"

    assert sorted(map(str, at_once(plan, 6))) == [str(SlotTaken)] * 5 + ["mine"]


def test_of_many_who_begin_an_issue_at_once_one_may_freeze_it(db: Database) -> None:
    with db.write() as session:
        issue_in(session, IssueState.PLANNED)

    def begin() -> bool:
        with db.write() as session:
            issue = calendar.get(session, MONDAY)
            return calendar.begin(session, issue, NOW, (IssueState.PLANNED,))

    assert sorted(map(bool, at_once(begin, 6))) == [False] * 5 + [True]
    with db.read() as session:
        issue = calendar.get(session, MONDAY)
        assert (issue.state, issue.frozen_at) == (IssueState.SENDING, NOW)


@pytest.mark.parametrize("state", IssueState)
def test_an_issue_begins_only_from_the_states_that_are_allowed(
    sqlite_db: Database, state: IssueState
) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, state)
        allowed = (IssueState.PLANNED, IssueState.LATE)
        assert calendar.begin(session, issue, NOW, allowed) is (state in allowed)


def test_what_a_curator_writes_is_kept_without_the_space_around_it(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        calendar.edit(session, issue_in(session, IssueState.PLANNED), " A ", " B ", "one\n\ntwo\n")
    with sqlite_db.read() as session:
        issue = calendar.get(session, MONDAY)
        assert (issue.subject, issue.preheader, issue.intro) == ("A", "B", "one\n\ntwo")


@pytest.mark.parametrize(
    ("subject", "preheader", "wrong"),
    [
        ("x" * 121, "", {"subject"}),
        ("", "x" * 151, {"preheader"}),
        ("two\nlines", "two\rlines", {"subject", "preheader"}),
        ("Subject\r\nBcc: all@example.org", "", {"subject"}),
        ("a\0b", "", {"subject"}),
    ],
)
def test_it_refuses_words_that_no_header_can_hold(
    sqlite_db: Database, subject: str, preheader: str, wrong: set[str]
) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, IssueState.PLANNED)
        with pytest.raises(Invalid) as refused:
            calendar.edit(session, issue, subject, preheader, "new")
        assert set(refused.value.fields) == wrong
        assert issue.intro == ""


def test_it_refuses_an_introduction_that_no_mail_has_room_for(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, IssueState.PLANNED)
        with pytest.raises(Invalid) as refused:
            calendar.edit(session, issue, "", "", "x" * 20_001)
        assert refused.value.fields == {"intro": "At most 20,000 characters; it has 20,001."}
        assert issue.intro == ""


@pytest.mark.parametrize(
    "state", [IssueState.SENDING, IssueState.PAUSED, IssueState.SENT, IssueState.CANCELLED]
)
def test_a_frozen_issue_cannot_be_edited(sqlite_db: Database, state: IssueState) -> None:
    with sqlite_db.write() as session, pytest.raises(Conflict, match="frozen"):
        calendar.edit(session, issue_in(session, state), "new", "", "")


def test_an_issue_that_froze_since_it_was_read_cannot_be_edited(db: Database) -> None:
    with db.write() as session:
        issue_in(session, IssueState.PLANNED)
    with db.read() as session:
        read_before = calendar.get(session, MONDAY)
    with db.write() as session:
        calendar.begin(session, calendar.get(session, MONDAY), NOW, (IssueState.PLANNED,))
    with db.write() as session:
        session.add(read_before)
        with pytest.raises(Conflict, match="frozen"):
            calendar.edit(session, read_before, "new", "", "")


def test_pausing_says_why_and_resuming_goes_on(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, IssueState.SENDING)
        calendar.pause(session, issue, "The server refuses us.")
        assert (issue.state, issue.pause_reason) == (IssueState.PAUSED, "The server refuses us.")
        calendar.resume(session, issue, NOW)
        assert (issue.state, issue.pause_reason) == (IssueState.SENDING, None)


MOVES: dict[str, Callable[[Session, Issue], None]] = {
    "pause": lambda session, issue: calendar.pause(session, issue, "why"),
    "resume": lambda session, issue: calendar.resume(session, issue, NOW),
    "cancel": lambda session, issue: calendar.cancel(session, issue, NOW),
}
ALLOWED = {
    "pause": {IssueState.SENDING: IssueState.PAUSED},
    "resume": {IssueState.PAUSED: IssueState.SENDING},
    "cancel": dict.fromkeys(
        (IssueState.PLANNED, IssueState.LATE, IssueState.SENDING, IssueState.PAUSED),
        IssueState.CANCELLED,
    ),
}


@pytest.mark.parametrize("state", IssueState)
@pytest.mark.parametrize("move", MOVES)
def test_an_issue_moves_only_where_its_state_allows(
    sqlite_db: Database, move: str, state: IssueState
) -> None:
    to = ALLOWED[move].get(state)
    with sqlite_db.write() as session:
        issue = issue_in(session, state)
        if to is None:
            with pytest.raises(Conflict, match=state.value):
                MOVES[move](session, issue)
        else:
            MOVES[move](session, issue)
    assert state_of(sqlite_db) is (to or state)


def test_a_state_that_changed_since_it_was_read_is_not_written_over(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        issue_in(session, IssueState.SENDING)
    with sqlite_db.read() as session:
        read_before = calendar.get(session, MONDAY)
    with sqlite_db.write() as session:
        calendar.cancel(session, calendar.get(session, MONDAY), NOW)
    with sqlite_db.write() as session:
        session.add(read_before)
        with pytest.raises(Conflict, match="cancelled"):
            calendar.pause(session, read_before, "why")
    assert state_of(sqlite_db) is IssueState.CANCELLED


def test_a_cancelled_issue_says_since_when(sqlite_db: Database) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, IssueState.PAUSED)
        calendar.cancel(session, issue, NOW)
        assert issue.closed_at == NOW


def test_an_issue_that_is_not_there_is_not_found(sqlite_db: Database) -> None:
    with sqlite_db.read() as session, pytest.raises(NotFound, match="2026-11-23"):
        calendar.get(session, MONDAY)


@pytest.mark.parametrize("kind", [Kind.REGULAR, Kind.CORRECTION])
def test_an_issue_is_found_by_the_slot_of_its_address(sqlite_db: Database, kind: Kind) -> None:
    with sqlite_db.write() as session:
        issue = issue_in(session, IssueState.PLANNED)
        issue.kind = kind
        session.flush()
        assert calendar.at(session, issue.slot) is issue
        for slot in ("2026-11-23-post", "2026-W48-1", "monday"):
            with pytest.raises(NotFound):
                calendar.at(session, slot)


def test_a_date_is_read_as_typed() -> None:
    assert calendar.parse_date(" 2026-11-23 ") == MONDAY


@pytest.mark.parametrize(
    "text", ["", "23.11.2026", "2026-02-30", "next monday", "2026-11-23T09:00"]
)
def test_it_refuses_what_is_no_date(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        calendar.parse_date(text)
    assert set(refused.value.fields) == {"date"}


# Posts.


def a_post(session: Session, version: Version, slug: str = "who-is-who", **values: Any) -> Post:
    return factories.post(session, session.merge(version), slug, PostState.DRAFT, **values)


@pytest.mark.parametrize("days", range(1, 7))
def test_a_post_is_planned_for_any_day_but_a_monday(
    sqlite_db: Database, version: Version, days: int
) -> None:
    day = MONDAY + timedelta(days=days)
    with sqlite_db.write() as session:
        issue = calendar.plan_post(session, day, a_post(session, version), TODAY, NOW)
        assert (issue.kind, issue.state) == (Kind.POST, IssueState.PLANNED)
        assert issue.slot == f"{day}-post"
        assert issue.title == "Who is who among the penguins"
        assert issue.version is None


@pytest.mark.parametrize(("day", "why"), [(MONDAY, "is a Monday"), (date(2026, 11, 18), "passed")])
def test_it_refuses_a_day_that_is_none_for_a_post(
    sqlite_db: Database, version: Version, day: date, why: str
) -> None:
    with sqlite_db.write() as session, pytest.raises(Invalid, match=why) as refused:
        calendar.plan_post(session, day, a_post(session, version), TODAY, NOW)
    assert set(refused.value.fields) == {"date"}


def test_a_day_has_one_post_and_may_have_a_correction(
    sqlite_db: Database, version: Version
) -> None:
    day = MONDAY + timedelta(days=1)
    with sqlite_db.write() as session:
        here = session.merge(version)
        calendar.take_slot(session, Kind.CORRECTION, day, here, NOW)
        calendar.plan_post(session, day, a_post(session, version), TODAY, NOW)
        with pytest.raises(SlotTaken, match="choose another day"):
            calendar.plan_post(session, day, a_post(session, version, "another"), TODAY, NOW)


def test_a_post_is_planned_once_until_that_is_cancelled(
    sqlite_db: Database, version: Version
) -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    with sqlite_db.write() as session:
        post = a_post(session, version)
        assert calendar.without_mailing(session) == [post]
        first = calendar.plan_post(session, tuesday, post, TODAY, NOW)
        assert calendar.without_mailing(session) == []
        with pytest.raises(Conflict, match="planned for 2026-11-24"):
            calendar.plan_post(session, wednesday, post, TODAY, NOW)
        calendar.cancel(session, first, NOW)
        assert calendar.without_mailing(session) == [post]
        calendar.plan_post(session, wednesday, post, TODAY, NOW)


def test_a_post_that_was_mailed_is_never_planned_again(
    sqlite_db: Database, version: Version
) -> None:
    with sqlite_db.write() as session:
        post = a_post(session, version)
        issue = calendar.plan_post(session, MONDAY + timedelta(days=1), post, TODAY, NOW)
        issue.state, issue.frozen_at = IssueState.SENT, NOW
        with pytest.raises(Conflict, match="never mailed twice"):
            calendar.plan_post(session, MONDAY + timedelta(days=2), post, TODAY, NOW)


def test_a_post_that_was_withdrawn_has_no_day(sqlite_db: Database, version: Version) -> None:
    with sqlite_db.write() as session:
        post = a_post(session, version)
        post.state = PostState.WITHDRAWN
        assert calendar.without_mailing(session) == []
        with pytest.raises(Conflict, match="was withdrawn"):
            calendar.plan_post(session, MONDAY + timedelta(days=1), post, TODAY, NOW)
