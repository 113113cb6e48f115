"""Begin issues: each planned one at its moment, or one at once on a curator's word."""

import logging
from datetime import date, datetime

from sqlalchemy import select

from newsletter.backups import permission
from newsletter.delivery.issue_run.freeze import BY_A_CURATOR, freeze_issue
from newsletter.delivery.issue_run.timezone_waves import waves_of
from newsletter.errors import Conflict, Refused
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import Due, Waves, due, latest_day
from newsletter.jobs.run import JobRun
from newsletter.models.issue import Issue, IssueState, Kind

log = logging.getLogger(__name__)


def publish_due_issues(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> list[date]:
    """Freeze each planned issue whose moment has come; returns their dates.

    One that is past its deadline, whose dataset is not ready, or of which no message can
    be made, is left to the curators, who are told once.
    """
    run = run or JobRun()
    with installation.db.read() as session:
        if not permission.may_send(session):
            return []
        planned = select(Issue.id, Issue.date).where(
            Issue.state == IssueState.PLANNED, Issue.date <= latest_day(now)
        )
        waiting = session.execute(planned.order_by(Issue.date)).all()
    begun: list[date] = []
    for issue_id, day in waiting:
        with run.item(f"the issue of {day}"):
            if _begin_if_due(installation, issue_id, day, now):
                begun.append(day)
    return begun


def publish_issue(
    installation: Installation, day: date, now: datetime, kind: Kind = Kind.REGULAR
) -> None:
    """Begin the issue of ``day`` now, on a curator's word. Raises Refused."""
    with installation.db.write() as session:
        if not permission.may_send(session):
            raise Conflict(permission.HELD)
        issue = calendar.get(session, day, kind)
        if not freeze_issue(
            session, issue, installation.settings, installation.storage, now, BY_A_CURATOR
        ):
            session.refresh(issue)
            raise Conflict(f"The issue of {issue.slot} is {issue.state.value} already.")


def _begin_if_due(installation: Installation, issue_id: int, day: date, now: datetime) -> bool:
    settings = installation.settings
    with installation.db.read() as session:
        waves = waves_of(session, day, settings)
    match due(waves, now, settings.send_deadline):
        case Due.NOW:
            return _begin(installation, issue_id, day, now)
        case Due.TOO_LATE:
            _set_aside(installation, issue_id, waves, now)
        case Due.NOT_YET:
            pass
    return False


def _begin(installation: Installation, issue_id: int, day: date, now: datetime) -> bool:
    try:
        with installation.db.write() as session:
            issue = session.get_one(Issue, issue_id)
            settings, storage = installation.settings, installation.storage
            waves = waves_of(session, day, settings)
            if not freeze_issue(session, issue, settings, storage, now, waves=waves):
                return False
    except Refused as error:
        _alert(installation, issue_id, [str(error)], "not-ready", str(error), now)
        return False
    except Exception as error:
        kind = type(error).__name__
        lines = [
            f"No message could be made of it: the program ended with {kind}.",
            "Look at its preview, and change its texts or its dataset, or cancel it.",
            "Until its deadline it is tried again all the time.",
        ]
        _alert(installation, issue_id, lines, "failed", kind, now)
        raise
    log.info("issue %s is being sent", day, extra={"event": "issue_frozen", "date": str(day)})
    return True


def _alert(
    installation: Installation,
    issue_id: int,
    lines: list[str],
    occasion: str,
    detail: str,
    now: datetime,
) -> None:
    """Tell the curators why an issue could not be sent, once for an occasion and its detail."""
    with installation.db.write() as session:
        slot = session.get_one(Issue, issue_id).slot
        alert_curators(
            session,
            f"The issue of {slot} could not be sent",
            lines,
            path=f"/admin/issues/{slot}",
            once=f"{occasion} {slot} {detail}",
            now=now,
        )


def _set_aside(installation: Installation, issue_id: int, waves: Waves, now: datetime) -> None:
    with installation.db.write() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.state is not IssueState.PLANNED:
            return
        issue.state = IssueState.LATE
        slot, begin = issue.slot, waves.first
        alert_curators(
            session,
            f"The issue of {slot} is late",
            [
                f"It should have begun at {begin:%Y-%m-%d %H:%M} UTC, and its deadline has passed.",
                "Send it now, or cancel it.",
            ],
            path=f"/admin/issues/{slot}",
            once=f"late {slot}",
            now=now,
        )
