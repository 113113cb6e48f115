"""An issue as a reader gets it: to look at in parts, and as the whole message."""

import base64
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy

from sqlalchemy.orm import Session

from newsletter.email_address import parse_address
from newsletter.errors import NotFound, Refused
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.issues.gather import gather
from newsletter.issues.preflight import warnings
from newsletter.mailing.compose import compose
from newsletter.mailing.frozen import FrozenMessage, Recipient
from newsletter.mailing.message import Headers, build
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import render_issue
from newsletter.models.issue import Issue
from newsletter.settings import Settings
from newsletter.storage import Storage

NO_TOKEN = "preview"  # noqa: S105 (where a reader's own link would be)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be, or was, mailed; or why nothing can be."""

    subject: str
    text: str
    html: str
    warnings: list[str]
    problem: str = ""


def preview_of(installation: Installation, slot: str) -> Preview:
    """The issue of a slot: as it was frozen, or as it stands. Raises NotFound."""
    with installation.db.read() as session:
        return preview(session, installation, calendar.at(session, slot))


def preview(session: Session, installation: Installation, issue: Issue) -> Preview:
    """The same of an issue that is at hand. Raises NotFound."""
    settings, storage = installation.settings, installation.storage
    session.refresh(issue, ["message", "page"])  # in one statement
    if issue.message is not None:
        return _frozen(issue.message, issue.page or "", settings)
    try:
        content = compose(gather(session, issue, settings, storage))
    except NotFound:
        raise
    except Refused as error:
        return Preview("", "", "", [], str(error))
    try:
        mail = render_issue(content)
    except Refused as error:
        return Preview(content.subject, "", "", [], str(error))
    html = mail.html
    for image in mail.images:
        data = base64.b64encode(image.png).decode()
        html = html.replace(f"cid:{image.cid}", f"data:image/png;base64,{data}")
    return Preview(mail.subject, _filled(mail.text), _filled(html), warnings(content, mail))


def preview_message(
    session: Session, issue: Issue, settings: Settings, storage: Storage, now: datetime
) -> bytes:
    """The issue, as it was frozen or as it stands, as a message to nobody in particular.

    Raises Refused for one that cannot be mailed as it stands.
    """
    nobody = _nobody(settings)
    if issue.message is not None:
        return FrozenMessage.from_bytes(issue.message).fill(nobody)
    headers = Headers.of_issue(settings, issue.kind.value, issue.date, now)
    return build(render_issue(compose(gather(session, issue, settings, storage))), headers, nobody)


def _frozen(message: bytes, page: str, settings: Settings) -> Preview:
    filled = FrozenMessage.from_bytes(message).fill(_nobody(settings))
    mail = message_from_bytes(filled, policy=policy.default)
    body = mail.get_body(("plain",))
    return Preview(
        subject=str(mail["Subject"]),
        text=body.get_content() if body else "",
        html=page,
        warnings=[],
    )


def _nobody(settings: Settings) -> Recipient:
    """Somebody whose links lead nowhere."""
    address = parse_address("reader@example.org")
    return Recipient(address, None, f"<preview@{settings.host}>", NO_TOKEN, NO_TOKEN)


def _filled(text: str) -> str:
    for placeholder in Placeholder:
        text = text.replace(placeholder.value, NO_TOKEN)
    return text
