"""The mail of an issue whose curator wrote one text into every field."""

from email import message_from_bytes, policy
from email.message import EmailMessage

from newsletter import clock
from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from newsletter.services.previews import preview_message
from tests import factories


def mail_saying(installation: Installation, text: str) -> EmailMessage:
    """``text`` in each field, in a header and in each cell of the data."""
    cell = text.replace('"', '""')
    line = text.replace("\n", " ")[:40]
    with installation.db.write() as session:
        version = factories.dataset(
            session,
            installation.storage,
            "written",
            {"written": f'"{cell}",kind\n"{cell}","{cell}"\n"{cell}","{cell}"\n'},
            title=line,
            summary=line,
            description=text,
            citation=text,
            temporal=line,
            spatial=line,
            chart_alt=text,
            keywords=[line],
            questions=[line, line, line],
            caveats=[text],
            creators=[{"name": line, "url": None}],
            credit={"curator": line, "hat_tip": line},
            sources=[{"title": line, "url": "https://example.org/", "publisher": line}],
        )
        issue = factories.issue(
            session, version, state=IssueState.PLANNED, subject=line, intro=text
        )
        raw = preview_message(
            session, issue, installation.settings, installation.storage, clock.now()
        )
    return message_from_bytes(raw, _class=EmailMessage, policy=policy.default)


def part(mail: EmailMessage, kind: str) -> str:
    """The text or the HTML of a mail."""
    body = mail.get_body((kind,))
    assert body is not None
    content = body.get_content()
    assert isinstance(content, str)
    return content
