"""That a message reads back as what went in: by the email package, and by octets."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from newsletter.mailing.content import IssueContent
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.placeholders import Placeholder
from newsletter.mailing.render import RenderedMail
from tests.mailing import octets
from tests.mailing.fuzzed import List
from tests.mailing.reading import read_mailbox, single_spaced

ONCE = (
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
)
INLINE = {"a", "code", "del", "em", "s", "span", "strong", "wbr"}
NO_TEXT = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff\ufdd0-\ufdef\ufffd-\uffff]+")


def assert_reads_back(
    message: bytes, mail: RenderedMail, listed: List, recipient: Recipient, base_url: str
) -> None:
    """Both readers find the subject, the sender, the reader, the links and both bodies."""
    link = f"<{base_url}/unsubscribe/{recipient.unsubscribe_token}>"
    text, html = filled(mail.text, recipient), filled(mail.html, recipient)
    to = (single_spaced(recipient.name or ""), str(recipient.address))

    read = octets.read(message, international=recipient.address.needs_smtputf8)
    assert octets.unstructured(read["Subject"]) == single_spaced(mail.subject)
    assert octets.mailbox(read["From"])[0] == listed.name
    assert octets.mailbox(read["To"]) == to
    assert read["Message-ID"] == recipient.message_id
    assert read["List-Unsubscribe"] == link
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read["List-Id"].endswith("<datasets.news.example.org>")
    assert not any("=?" in value for name, value in read.fields if name.startswith("List-"))
    bodies = [leaf.decoded().decode().replace("\r\n", "\n") for leaf in read.leaves()[:2]]
    assert bodies == [text, html]
    assert [leaf.decoded() for leaf in read.leaves()[2:]] == [image.png for image in mail.images]

    parsed = message_from_bytes(message, _class=EmailMessage, policy=policy.default)
    assert not any(part.defects for part in parsed.walk())
    for name in ONCE:
        assert len(parsed.get_all(name, [])) == 1
    assert parsed["Subject"] == single_spaced(mail.subject)
    assert parsed["List-Unsubscribe"] == link
    assert read_mailbox(field(message, "From"))[0] == listed.name
    assert read_mailbox(field(message, "To")) == to
    assert body(parsed, "plain") == text
    assert body(parsed, "html") == html


def assert_says(message: bytes, issue: IssueContent) -> None:
    """Each word of the issue is in both bodies, whatever else its text holds."""
    parsed = message_from_bytes(message, _class=EmailMessage, policy=policy.default)
    assert words(parsed["Subject"]) == words(issue.subject)
    text, page = words(body(parsed, "plain")), words(_Words(body(parsed, "html")).text)
    both = [
        issue.list_title,
        issue.title,
        issue.preheader,
        issue.credit,
        issue.citation,
        issue.postal_address,
        *issue.questions,
        *issue.caveats,
        *(word for fact in issue.glance for word in (fact.label, fact.value)),
        *(loader.code for loader in issue.loaders),
        *(post.title for post in issue.posts),
        *(
            word
            for column in issue.columns
            for word in (column.name, column.type, column.description, column.profile)
        ),
    ]
    for said in both:
        assert words(said) in text
        assert words(said) in page
    assert words(issue.why.text) in text
    assert words(_Words(str(issue.why.html)).text) in page
    for cell in (cell for row in issue.preview.rows for cell in row):
        assert words(cell) in page


def filled(body_: str, recipient: Recipient) -> str:
    """A body as its one reader gets it."""
    body_ = body_.replace(Placeholder.UNSUBSCRIBE.value, recipient.unsubscribe_token)
    body_ = body_.replace(Placeholder.PREFERENCES.value, recipient.preferences_token)
    return body_.replace("\r\n", "\n")


def words(text: str) -> str:
    """Without what is no text, and with one space between two words."""
    return " ".join(NO_TEXT.sub(" ", text).split())


def body(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def field(message: bytes, name: str) -> bytes:
    """The value of a header field as it stands in the message, folds and all."""
    head = message.partition(b"\r\n\r\n")[0] + b"\r\n"
    (value,) = re.findall(rb"(?m)^%s: ((?:.*\r\n[ \t])*.*)\r\n" % name.encode(), head)
    return bytes(value)


class _Words(HTMLParser):
    """The text of a page, without its style; what stands in two blocks is not one word."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "" if tag in INLINE else " "

    def handle_data(self, data: str) -> None:
        if self.lasttag != "style":
            self.text += data
