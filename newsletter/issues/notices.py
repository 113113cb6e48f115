"""Mails that one person is owed: confirmations, alerts, tests and answers."""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from newsletter.audience.links import confirm_token
from newsletter.curators.logins import reset_token
from newsletter.errors import Conflict
from newsletter.issues.gather import gather
from newsletter.mailing.compose import compose
from newsletter.mailing.render import RenderedMail, render_issue, render_mail
from newsletter.models.curator import Curator
from newsletter.models.delivery import Notice, NoticeKind
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tokens import Signer

SETTLED_KEPT_FOR = timedelta(days=30)
AT_ONCE = 500  # notices that one transaction removes
OCCASION_AT_MOST = 179  # characters, before a space and the number of a curator
PROMISE = (
    "one open dataset every Monday, with its chart, its columns and the code that loads it. "
    "You can leave at any time with one click."
)


def alert_curators(
    session: Session, subject: str, lines: list[str], path: str, once: str, now: datetime
) -> int:
    """Tell every curator something, and on which page of the admin to act on it.

    ``once`` names the occasion: a second alert for it is not made. Returns how
    many were told now.
    """
    alerts = 0
    for curator in session.scalars(select(Curator)):
        name = f"{once[:OCCASION_AT_MOST]} {curator.id}"
        if session.scalar(select(Notice.id).where(Notice.once == name)) is None:
            notice = _notice(NoticeKind.ALERT, curator.address, now)
            notice.subject, notice.lines, notice.path, notice.once = subject, lines, path, name
            session.add(notice)
            alerts += 1
    session.flush()
    return alerts


def ask_for_test(session: Session, issue: Issue, address: str, now: datetime) -> None:
    """Owe ``address`` the issue as it stands now."""
    notice = _notice(NoticeKind.TEST, address, now)
    notice.issue_id = issue.id
    session.add(notice)


def forget_settled(session: Session, now: datetime) -> int:
    """Remove notices that were mailed or given up long ago, some of them; returns how many."""
    over = select(Notice.id).where(
        Notice.not_before.is_(None), Notice.settled_at < now - SETTLED_KEPT_FOR
    )
    chosen = over.limit(AT_ONCE).scalar_subquery()
    result = session.execute(delete(Notice).where(Notice.id.in_(chosen)))
    return cast(CursorResult[None], result).rowcount


def render_notice(
    session: Session,
    notice: Notice,
    settings: Settings,
    storage: Storage,
    signer: Signer,
    now: datetime,
) -> RenderedMail:
    """What a notice says that is mailed now. Raises Refused if it has nothing to say any more."""
    match notice.kind:
        case NoticeKind.CONFIRMATION:
            return _confirmation(session, notice, settings, signer, now)
        case NoticeKind.ALERT:
            return _alert(notice, settings)
        case NoticeKind.ANSWER:
            return _answer(notice, settings)
        case NoticeKind.TEST:
            return _test(session, notice, settings, storage)
        case NoticeKind.RESET:
            return _password(session, notice, settings, signer, now)


def _confirmation(
    session: Session, notice: Notice, settings: Settings, signer: Signer, now: datetime
) -> RenderedMail:
    subscriber = session.get(Subscriber, notice.subscriber_id) if notice.subscriber_id else None
    if subscriber is None:
        raise Conflict("There is nobody left to confirm.")
    token = confirm_token(signer, subscriber, now)
    return render_mail(
        "confirmation",
        list_title=settings.title,
        base_url=settings.base_url,
        postal_address=settings.postal_address,
        confirm_url=f"{settings.base_url}/confirm/{token}",
        promise=PROMISE,
    )


def _alert(notice: Notice, settings: Settings) -> RenderedMail:
    return render_mail(
        "alert",
        list_title=settings.title,
        postal_address=settings.postal_address,
        subject=notice.subject,
        lines=notice.lines,
        action_label="Open the admin",
        action_url=settings.base_url + notice.path,
    )


def _answer(notice: Notice, settings: Settings) -> RenderedMail:
    return render_mail(
        "answer",
        list_title=settings.title,
        base_url=settings.base_url,
        postal_address=settings.postal_address,
        subject=notice.subject,
        decided=notice.lines[0],
        words=notice.lines[1:],
        page_url=settings.base_url + notice.path if notice.path else "",
    )


def _test(session: Session, notice: Notice, settings: Settings, storage: Storage) -> RenderedMail:
    issue = session.get_one(Issue, notice.issue_id)
    mail = render_issue(compose(gather(session, issue, settings, storage)))
    return RenderedMail(f"[Test] {mail.subject}", mail.text, mail.html, mail.images)


def _password(
    session: Session, notice: Notice, settings: Settings, signer: Signer, now: datetime
) -> RenderedMail:
    curator = session.get(Curator, notice.curator_id) if notice.curator_id else None
    if curator is None:
        raise Conflict("There is no such curator any more.")
    return render_mail(
        "alert",
        list_title=settings.title,
        postal_address=settings.postal_address,
        subject=notice.subject,
        lines=[
            f"This link sets your password for the admin of {settings.title}.",
            "It works once, for an hour. If you did not ask for it, do nothing.",
        ],
        action_label="Set your password",
        action_url=f"{settings.base_url}/admin/password/{reset_token(signer, curator, now)}",
    )


def _notice(kind: NoticeKind, address: str, now: datetime) -> Notice:
    return Notice(kind=kind, address=address, created_at=now, not_before=now)
