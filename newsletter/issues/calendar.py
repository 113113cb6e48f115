"""The calendar of issues: taking a slot, changing what is in it, giving it up.

Once an issue is frozen only pausing, resuming and cancelling are left.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import cast

from sqlalchemy import ColumnElement, CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.catalog.refusals import refuse_change_of_withdrawn
from newsletter.errors import Conflict, Invalid, NotFound, SlotTaken
from newsletter.issues.schedule import is_monday, monday_of, mondays_from
from newsletter.models.dataset import Version, VersionState
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.post import Post, PostState

AT_MOST = {"subject": 120, "preheader": 150, "intro": 20_000}  # characters
CANCELLED = "cancelled"  # why somebody is excluded
BY_HAND = "A curator paused it."


def refuse_withdrawn(issue: Issue) -> None:
    """Raises Conflict for one whose data were withdrawn: nothing of them is mailed."""
    version = issue.opens
    if version is not None and version.is_withdrawn:
        raise Conflict(
            f"The issue of {issue.slot} is about {version.dataset.slug} {version.number}, which "
            "was withdrawn: cancel the issue, or restore the version within a day."
        )


def parse_date(text: str) -> date:
    """A date as typed, ``YYYY-MM-DD``. Raises Invalid."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        message = f"{text!r} is no date: write it as 2026-11-30."
        raise Invalid(message, {"date": message}) from error


def plan(session: Session, day: date, version: Version, today: date, now: datetime) -> Issue:
    """Take the Monday ``day`` for a dataset version.

    ``today`` is the date on the list's calendar. Raises Invalid for a date that
    is no Monday or is past, SlotTaken if there is an issue on it already.
    """
    if not is_monday(day):
        near = max(monday_of(day), mondays_from(today, 1)[0])
        message = f"{day} is a {day:%A}: choose a Monday, such as {near}."
        raise Invalid(message, {"date": message})
    if day < today:
        message = f"{day} has passed: choose a Monday from {today} on."
        raise Invalid(message, {"date": message})
    return take_slot(session, Kind.REGULAR, day, version, now)


def plan_post(session: Session, day: date, post: Post, today: date, now: datetime) -> Issue:
    """Take ``day``, which is no Monday, for mailing a post to those who want each of them.

    ``today`` is the date on the list's calendar. Raises Invalid for a Monday or a day that is
    past, Conflict for a post that is withdrawn or has a mailing already, and SlotTaken.
    """
    if is_monday(day):
        message = f"{day} is a Monday, the day of the dataset: choose another day for a post."
        raise Invalid(message, {"date": message})
    if day < today:
        message = f"{day} has passed: choose a day from {today} on."
        raise Invalid(message, {"date": message})
    if post.state is PostState.WITHDRAWN:
        raise Conflict(f"“{post.title}” was withdrawn: publish it again before it is mailed.")
    if (other := mailing_of(session, post)) is not None:
        if other.frozen_at is None:
            raise Conflict(f"“{post.title}” is planned for {other.date}: cancel that one first.")
        raise Conflict(f"“{post.title}” was mailed on {other.date}, and is never mailed twice.")
    return take_slot(session, Kind.POST, day, None, now, post)


def mailing_of(session: Session, post: Post) -> Issue | None:
    """The mailing of ``post`` that is planned, goes out or was sent."""
    mailings = select(Issue).where(
        Issue.post_id == post.id, Issue.kind == Kind.POST, Issue.state != IssueState.CANCELLED
    )
    return session.scalars(mailings).first()


def mailings_of(session: Session, posts: Collection[Post]) -> dict[int, Issue]:
    """The same for several posts, by their keys, where there is one."""
    mailings = select(Issue).where(
        Issue.post_id.in_([post.id for post in posts]),
        Issue.kind == Kind.POST,
        Issue.state != IssueState.CANCELLED,
    )
    return {issue.post_id: issue for issue in session.scalars(mailings) if issue.post_id}


def without_mailing(session: Session, limit: int | None = None) -> list[Post]:
    """The posts that can still be planned for a day, the newest first."""
    mailed = select(Issue.id).where(
        Issue.post_id == Post.id, Issue.kind == Kind.POST, Issue.state != IssueState.CANCELLED
    )
    gone = Post.version.has(Version.state == VersionState.WITHDRAWN)
    posts = select(Post).where(Post.state != PostState.WITHDRAWN, ~gone, ~mailed.exists())
    return list(session.scalars(posts.order_by(Post.id.desc()).limit(limit)))


def take_slot(
    session: Session,
    kind: Kind,
    day: date,
    version: Version | None,
    now: datetime,
    post: Post | None = None,
) -> Issue:
    """A new issue in the slot of a kind and a date. Raises SlotTaken."""
    taken = find(session, day, kind)
    if taken is not None and taken.state is not IssueState.CANCELLED:
        title = taken.title or "another issue"
        raise SlotTaken(
            f"{taken.slot} is taken by “{title}”: choose another {_day_word(kind)}, or cancel "
            "that one."
        )
    if taken is not None:  # a cancelled issue that mailed nobody gives its slot back
        if taken.frozen_at is not None:
            raise SlotTaken(
                f"The issue of {taken.slot} was cancelled after it began: choose another day."
            )
        session.delete(taken)
        session.flush()
    issue = Issue(kind=kind, date=day, version=version, post=post, created_at=now)
    if issue.opens is not None:
        refuse_change_of_withdrawn(issue.opens)
    try:
        with session.begin_nested():
            session.add(issue)
    except IntegrityError as error:  # somebody else was first
        raise SlotTaken(f"{day} has just been taken: choose another {_day_word(kind)}.") from error
    return issue


def parse_slot(text: str) -> tuple[date, Kind]:
    """The date and the kind that ``Issue.slot`` says. Raises NotFound."""
    day, dash, word = text[:10], text[10:11], text[11:]
    try:
        slot = date.fromisoformat(day), Kind(word) if dash else Kind.REGULAR
    except ValueError as error:
        raise NotFound("There is no such issue.") from error
    if Issue(date=slot[0], kind=slot[1]).slot != text:  # 2026-W49-1 is a date too
        raise NotFound("There is no such issue.")
    return slot


def at(session: Session, slot: str) -> Issue:
    """The issue of a slot as an address has it: see ``Issue.slot``. Raises NotFound."""
    return get(session, *parse_slot(slot))


def find(session: Session, day: date, kind: Kind = Kind.REGULAR) -> Issue | None:
    return session.scalar(select(Issue).where(Issue.kind == kind, Issue.date == day))


def get(session: Session, day: date, kind: Kind = Kind.REGULAR) -> Issue:
    """Raises NotFound."""
    issue = find(session, day, kind)
    if issue is None:
        what = "issue" if kind is Kind.REGULAR else kind.value
        raise NotFound(f"There is no {what} on {day}: `newsletter issue list` shows them all.")
    return issue


def edit(session: Session, issue: Issue, subject: str, preheader: str, intro: str) -> None:
    """Change what a curator may write over. Raises Conflict once frozen, or Invalid."""
    session.refresh(issue, ["frozen_at"], with_for_update=True)  # it may be freezing just now
    if issue.frozen_at is not None:
        raise Conflict(f"The issue of {issue.slot} is frozen: it can no longer change.")
    wrong = {}
    words = {"subject": subject, "preheader": preheader, "intro": intro}
    for name, value in words.items():
        if len(value) > AT_MOST[name]:
            wrong[name] = f"At most {AT_MOST[name]:,} characters; it has {len(value):,}."
        if name != "intro" and any(ord(character) < 32 for character in value):
            wrong[name] = "Write it on one line of text."
    if wrong:
        raise Invalid("The issue was not changed.", wrong)
    issue.subject, issue.preheader, issue.intro = subject.strip(), preheader.strip(), intro.strip()


def pause(session: Session, issue: Issue, reason: str) -> None:
    _move(session, issue, (IssueState.SENDING,), IssueState.PAUSED, "paused")
    issue.pause_reason = reason


def resume(session: Session, issue: Issue, now: datetime) -> None:
    """Go on with it. What paused it once does not again: breakers count from ``now`` on. Raises
    Conflict where it is not paused, or its data were withdrawn."""
    refuse_withdrawn(issue)
    _move(session, issue, (IssueState.PAUSED,), IssueState.SENDING, "resumed")
    issue.pause_reason, issue.resumed_at = None, now


def cancel(session: Session, issue: Issue, now: datetime) -> None:
    """Send nothing more of it; what was sent stays in the ledger.

    Who was still owed it is excluded at once, what is in flight too until its outcome is
    known; what is unknown stays so, and is not tried again.
    """
    _move(
        session,
        issue,
        (IssueState.PLANNED, IssueState.LATE, IssueState.SENDING, IssueState.PAUSED),
        IssueState.CANCELLED,
        "cancelled",
    )
    issue.closed_at = now
    give_up(session, Delivery.issue_id == issue.id, now)


def give_up(session: Session, which: ColumnElement[bool], now: datetime) -> None:
    """Owe these deliveries of cancelled issues no more."""
    owed = update(Delivery).where(which)
    session.execute(
        owed.where(Delivery.state == DeliveryState.PENDING).values(
            state=DeliveryState.EXCLUDED, not_before=None, reason=CANCELLED, settled_at=now
        )
    )
    session.execute(owed.where(Delivery.state == DeliveryState.UNKNOWN).values(not_before=None))


def begin(session: Session, issue: Issue, now: datetime, states: Collection[IssueState]) -> bool:
    """Claim the right to freeze ``issue``: True for exactly one caller, ever."""
    result = session.execute(
        update(Issue)
        .where(Issue.id == issue.id, Issue.state.in_(states))
        .values(state=IssueState.SENDING, frozen_at=now)
        .execution_options(synchronize_session=False)
    )
    won = cast(CursorResult[None], result).rowcount == 1
    if won:
        session.refresh(issue)
    return won


def _day_word(kind: Kind) -> str:
    return "Monday" if kind is Kind.REGULAR else "day"


def _move(
    session: Session,
    issue: Issue,
    allowed: Collection[IssueState],
    to: IssueState,
    word: str,
) -> None:
    """Change the state where the database still says that it may. Raises Conflict."""
    result = session.execute(
        update(Issue)
        .where(Issue.id == issue.id, Issue.state.in_(allowed))
        .values(state=to)
        .execution_options(synchronize_session=False)
    )
    if cast(CursorResult[None], result).rowcount != 1:
        session.refresh(issue)
        raise Conflict(f"The issue of {issue.slot} is {issue.state.value}: it cannot be {word}.")
    session.refresh(issue)
