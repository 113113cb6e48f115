"""An issue as a reader will get it, shown where it can do nothing.

The HTML is a document of its own under a policy of its own: sandboxed, framed
by the admin alone, its chart inside it.
"""

import base64
from dataclasses import dataclass
from email import message_from_bytes, policy

from flask import Blueprint, Response, make_response
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from newsletter.email_address import parse_address
from newsletter.errors import NotFound, Refused
from newsletter.installation import Installation
from newsletter.issues.compose import compose
from newsletter.issues.preflight import warnings
from newsletter.mailing.frozen import FrozenMessage, Recipient
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import render_issue
from newsletter.models.issue import Issue
from newsletter.web.admin.issues.addressed import issue_at
from newsletter.web.context import installation
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy

blueprint = Blueprint("previews", __name__, url_prefix="/issues")

NOBODY = Recipient(parse_address("reader@example.org"), None, "<preview@example.org>", "x", "x")
POLICY = FOREIGN_DOCUMENT | {"img-src": "'self' data:", "frame-ancestors": "'self'"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be, or was, mailed; or why nothing can be."""

    subject: str
    text: str
    html: str
    warnings: list[str]
    problem: str = ""


def preview_of(opened: Installation, slot: str) -> Preview:
    """The issue of a slot: as it was frozen, or as it stands. Raises NotFound."""
    with opened.db.read() as session:
        return preview(session, opened, issue_at(session, slot))


def preview(session: Session, opened: Installation, issue: Issue) -> Preview:
    """The same of an issue that is at hand."""
    session.refresh(issue, ["message", "page"])  # in one statement
    if issue.message is not None:
        return _frozen(issue.message, issue.page or "")
    try:
        content = compose(session, issue, opened.settings, opened.storage)
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


@blueprint.get("/<day>/preview.html")
def html(day: str) -> Response:
    shown = preview_of(installation(), day)
    response = make_response(shown.html or shown.problem)
    if not shown.html:
        response.mimetype = "text/plain"
    response.headers["Content-Security-Policy"] = content_security_policy(POLICY)
    return response


@blueprint.get("/<day>/preview.txt")
def text(day: str) -> ResponseReturnValue:
    shown = preview_of(installation(), day)
    return shown.text or shown.problem, {"Content-Type": "text/plain; charset=utf-8"}


def _frozen(message: bytes, page: str) -> Preview:
    mail = message_from_bytes(FrozenMessage.from_bytes(message).fill(NOBODY), policy=policy.default)
    body = mail.get_body(("plain",))
    return Preview(
        subject=str(mail["Subject"]),
        text=body.get_content() if body else "",
        html=page,
        warnings=[],
    )


def _filled(text: str) -> str:
    """``text`` with links that lead nowhere where a reader's own would be."""
    for placeholder in Placeholder:
        text = text.replace(placeholder.value, "preview")
    return text
