"""How the admin's pages say moments and states."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from flask_login import current_user
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from newsletter import clock
from newsletter.backups import permission
from newsletter.curators.permissions import Permission
from newsletter.delivery.issue_run.progress import roughly
from newsletter.delivery.issue_run.reasons import MEANINGS
from newsletter.issues.schedule import local_day
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, IssueState
from newsletter.models.post import PostState, RunStatus
from newsletter.models.submission import SubmissionState
from newsletter.models.subscriber import Status
from newsletter.models.task import TaskState
from newsletter.web.auth import allowed
from newsletter.web.context import installation

# The tone of a state: how its badge is coloured.
TONES: dict[StrEnum, str] = {
    IssueState.PLANNED: "calm",
    IssueState.LATE: "bad",
    IssueState.SENDING: "busy",
    IssueState.PAUSED: "warn",
    IssueState.SENT: "good",
    IssueState.CANCELLED: "off",
    Status.PENDING: "warn",
    Status.ACTIVE: "good",
    Status.UNSUBSCRIBED: "off",
    Status.BOUNCED: "bad",
    Status.COMPLAINED: "bad",
    PostState.DRAFT: "calm",
    PostState.PUBLISHED: "good",
    PostState.WITHDRAWN: "off",
    RunStatus.RAN: "good",
    RunStatus.FAILED: "bad",
    RunStatus.REFUSED: "bad",
    SubmissionState.WAITING: "warn",
    SubmissionState.ACCEPTED: "good",
    SubmissionState.DECLINED: "off",
    TaskState.QUEUED: "calm",
    TaskState.RUNNING: "busy",
    TaskState.DONE: "good",
    TaskState.FAILED: "bad",
    TaskState.CANCELLED: "off",
}


def when(moment: datetime | None) -> str:
    """A moment on the list's calendar: Mon 30 Nov 2026, 09:00."""
    if moment is None:
        return "never"
    local = moment.astimezone(installation().settings.timezone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}"


def clock_time(moment: datetime) -> str:
    """A moment that is near: 14:05; on another day of the list's calendar, all of it."""
    timezone = installation().settings.timezone
    local = moment.astimezone(timezone)
    today = local_day(clock.now(), timezone)
    return f"{local:%H:%M}" if local.date() == today else when(moment)


def day_name(day: date) -> str:
    """Mon 30 November."""
    return f"{day:%a} {day.day} {day:%B}"


def tone(state: StrEnum) -> str:
    return TONES[state]


def reason(word: str) -> str:
    """Why a delivery did not go out, for people; an unknown word as it is."""
    return MEANINGS.get(word, word)


def named(issue: Issue) -> str:
    """What an issue is called: its subject, or its dataset's title."""
    return issue.title or "Without a dataset"


def deed(action: str) -> str:
    """An action of the audit log in words: "curators: change role"; a command as it is typed."""
    section, dot, what = action.partition(".")
    return f"{section}: {what}".replace("_", " ") if dot else f"newsletter {action}"


def everywhere() -> dict[str, Any]:
    """What each page of the admin knows: who looks, and in which time zone."""
    return {
        "current_user": current_user,
        "list_timezone": installation().settings.timezone.key,
        "token": _token,
        "allowed": allowed,
        "may": may,
        "may_edit": may_edit,
        "clock_time": clock_time,
        "is_held": is_held,
    }


def is_held() -> bool:
    """Whether nothing is sent, as this is a copy that nobody has let send."""
    with installation().db.read() as session:
        return not permission.may_send(session)


def may(name: str) -> bool:
    """Whether whoever looks has a permission, by its name."""
    return Permission[name] in current_user.permissions


def may_edit(version: Version) -> bool:
    """What is published changes for readers at once."""
    return may("PUBLISH" if version.is_published else "DRAFT")


def _token() -> Markup:
    """The field that shows that a form was sent from a page of this session."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


FILTERS: dict[str, Callable[..., Any]] = {
    "when": when,
    "deed": deed,
    "moment": datetime.fromisoformat,
    "day_name": day_name,
    "tone": tone,
    "reason": reason,
    "roughly": roughly,
    "clock_time": clock_time,
    "named": named,
}
