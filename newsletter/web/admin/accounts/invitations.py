"""The mail with which a curator sets a password: at first, or because it was forgotten."""

from datetime import datetime

from flask import url_for
from sqlalchemy.orm import Session

from newsletter.curators import logins
from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.models.delivery import Notice, NoticeKind


def offer_password(
    session: Session, installation: Installation, curator: Curator, subject: str, now: datetime
) -> str:
    """Owe ``curator`` a mail with a link that sets a password, and return the link's path."""
    token = logins.reset_token(installation.signer, curator, now)
    path = url_for("admin.login.reset", token=token)
    title = installation.settings.title
    session.add(
        Notice(
            kind=NoticeKind.ALERT,
            address=curator.address,
            subject=subject,
            lines=[
                f"This link sets your password for the admin of {title}.",
                "It works once, for an hour. If you did not ask for it, do nothing.",
            ],
            path=path,
            created_at=now,
            not_before=now,
        )
    )
    return path
