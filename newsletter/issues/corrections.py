"""Corrections: the issue that tells those who got a wrong version, and nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from newsletter.catalog.versions import errata
from newsletter.errors import Conflict, Invalid
from newsletter.issues import calendar
from newsletter.models.dataset import Erratum, Version
from newsletter.models.issue import Issue, IssueState, Kind

STILL_GOING_OUT = (IssueState.SENDING, IssueState.PAUSED)
NOT_BEGUN = (IssueState.PLANNED, IssueState.LATE)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction did."""

    errata: list[Erratum]
    moved: list[Issue]  # planned issues that open the corrected version now
    issue: Issue | None  # that tells those who got what was wrong

    @property
    def version(self) -> Version:
        """The one that corrects."""
        return self.errata[0].corrected_by


def correct(
    session: Session,
    slug: str,
    note: str,
    today: date,
    now: datetime,
    since: str | None = None,
    mail_on: date | None = None,
) -> Correction:
    """Publish the newest version of a dataset as the correction of those before it, and plan
    the mail about it for ``mail_on``; None: nobody is told by mail.

    Raises Refused (see ``errata.correct`` and ``plan``); nothing has changed then.
    """
    corrected = errata.correct(session, slug, note, now, since)
    moved = use_corrected(session, corrected)
    version = corrected[0].corrected_by
    issue = plan(session, mail_on, version, today, now) if mail_on is not None else None
    return Correction(corrected, moved, issue)


def plan(session: Session, day: date, version: Version, today: date, now: datetime) -> Issue:
    """Take ``day`` for the mail that says that ``version`` corrects what they got.

    ``today`` is the date on the list's calendar. Raises Invalid for a day that is past,
    Conflict if nobody got what it corrects, or if that still goes out, and SlotTaken.
    """
    if day < today:
        message = f"{day} has passed: choose a day from {today} on."
        raise Invalid(message, {"date": message})
    corrected = _originals(session, version)
    if not corrected:
        raise Conflict(f"No issue opened a version that {version.number} corrects: nobody got it.")
    refuse_while_going_out(corrected)
    return calendar.take_slot(session, Kind.CORRECTION, day, version, now)


def originals(session: Session, correction: Issue) -> list[Issue]:
    """The issues that opened a version which ``correction`` says was wrong, the newest
    first; an earlier correction too, if it was wrong itself."""
    return _originals(session, correction.version) if correction.version else []


def refuse_while_going_out(issues: Sequence[Issue]) -> None:
    """Raises Conflict for one that is still being sent: its last readers would get what is
    wrong, and never hear of it."""
    for issue in issues:
        if issue.state in STILL_GOING_OUT:
            raise Conflict(
                f"The issue of {issue.slot} still goes out: cancel it, or wait until it is sent."
            )


def use_corrected(session: Session, corrected: Sequence[Erratum]) -> list[Issue]:
    """Let issues that have not begun open the corrected version; returns them."""
    moved: list[Issue] = []
    for erratum in corrected:
        planned = select(Issue).where(
            Issue.version_id == erratum.version_id, Issue.state.in_(NOT_BEGUN)
        )
        for issue in session.scalars(planned):
            session.execute(
                update(Issue)
                .where(Issue.id == issue.id, Issue.state.in_(NOT_BEGUN))
                .values(version_id=erratum.corrected_by_id)
            )
            session.refresh(issue)
            moved.append(issue)
    return moved


def losing(session: Session, versions: Sequence[Version]) -> list[Issue]:
    """The planned corrections, the next first, that say that one of ``versions``, which are of
    one dataset, was wrong, or that follow one of them: those are no longer said once it is
    withdrawn. Not those that open one of ``versions`` themselves."""
    ids = {version.id for version in versions}
    planned = (
        select(Issue)
        .join(Issue.version)
        .where(Issue.kind == Kind.CORRECTION, Issue.state.in_(NOT_BEGUN))
        .where(Version.dataset_id == versions[0].dataset_id, Version.id.not_in(ids))
        .order_by(Issue.date)
    )
    return [issue for issue in session.scalars(planned) if ids & _answered(session, issue.version)]


def _answered(session: Session, version: Version | None) -> set[int]:
    """The keys of the versions that its errata are about, and of those between."""
    answered = errata.corrected_by(session, version) if version else []
    return {key for erratum in answered for key in (erratum.version_id, erratum.corrected_by_id)}


def _originals(session: Session, version: Version) -> list[Issue]:
    wrong = [erratum.version_id for erratum in errata.corrected_by(session, version)]
    begun = select(Issue).where(Issue.version_id.in_(wrong), Issue.frozen_at.is_not(None))
    return list(session.scalars(begun.order_by(Issue.date.desc(), Issue.id.desc())))
