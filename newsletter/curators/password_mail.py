"""The mail with which a curator sets a password: at first, or because it was forgotten.

Whoever knows an address can ask for it, so it is limited: by account, by mailbox and by day. The
link is made when the mail is (issues.notices), and stands in no row.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.email_address import mailbox_key
from newsletter.models.curator import Curator
from newsletter.models.delivery import Notice, NoticeKind

AGAIN_AFTER = timedelta(minutes=10)
DAY = timedelta(days=1)
OF_MAILBOX_IN_A_DAY = 5  # of all accounts whose mail goes there
IN_A_DAY = 50  # of all accounts


def owe(session: Session, curator: Curator, subject: str, now: datetime) -> None:
    """Owe ``curator`` the mail."""
    session.add(
        Notice(
            kind=NoticeKind.RESET,
            address=curator.address,
            curator_id=curator.id,
            subject=subject,
            created_at=now,
            not_before=now,
        )
    )


def owe_if_due(session: Session, curator: Curator, subject: str, now: datetime) -> None:
    """The same for whoever asks, unless it was asked for too often."""
    session.refresh(curator, with_for_update=True)  # of two who ask at once one is heard
    if not _is_too_often(session, curator, now):
        owe(session, curator, subject, now)


def _is_too_often(session: Session, curator: Curator, now: datetime) -> bool:
    last = session.scalar(
        select(func.max(Notice.created_at)).where(
            Notice.curator_id == curator.id, Notice.created_at <= now + clock.MAY_DIFFER
        )
    )
    if last is not None and clock.is_recent(last, AGAIN_AFTER, now):
        return True
    mailbox = mailbox_key(curator.address)
    everyone = session.execute(select(Curator.id, Curator.address))
    same = [number for number, address in everyone if mailbox_key(address) == mailbox]
    of_day = select(func.count(), func.count().filter(Notice.curator_id.in_(same))).where(
        Notice.kind == NoticeKind.RESET,
        Notice.created_at.between(now - DAY, now + clock.MAY_DIFFER),
    )
    altogether, of_mailbox = session.execute(of_day).one()
    return bool(altogether >= IN_A_DAY or of_mailbox >= OF_MAILBOX_IN_A_DAY)
