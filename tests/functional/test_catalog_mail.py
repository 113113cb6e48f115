"""The Monday issue of every dataset of the starter catalog, on raw bytes, point by point."""

import quopri
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import pytest

from newsletter.catalog import datasets
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.issues.gather import gather
from newsletter.mailing.compose import compose
from newsletter.mailing.content import IssueContent
from newsletter.mailing.frozen import Recipient
from newsletter.mailing.message import Headers, build
from newsletter.mailing.render import HTML_BYTES, render_issue
from newsletter.models.issue import Issue, Kind
from tests.conftest import BASE_URL
from tests.datasets.starter import NOW, SLUGS, starter_catalog

pytestmark = pytest.mark.xdist_group("starter mail")

TOKEN = "t0ken_" * 50  # 300 characters


@dataclass(frozen=True)
class Mail:
    content: IssueContent
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        return message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)

    def body(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        assert part is not None
        return str(part.get_content())


@pytest.fixture(scope="session")
def catalog(
    tmp_path_factory: pytest.TempPathFactory, shared_folder: Path
) -> Iterator[Installation]:
    """The whole starter catalog in an installation; large tables are made from their package."""
    installation = starter_catalog(shared_folder, tmp_path_factory.mktemp("catalog"), BASE_URL)
    yield installation
    installation.db.close()


@pytest.fixture(scope="session")
def mails(catalog: Installation) -> dict[str, Mail]:
    return {slug: _mail(catalog, slug) for slug in SLUGS}


@pytest.fixture(params=SLUGS)
def mail(request: pytest.FixtureRequest, mails: dict[str, Mail]) -> Mail:
    return mails[request.param]


def _mail(catalog: Installation, slug: str) -> Mail:
    with catalog.db.read() as session:
        version = datasets.newest(session, slug)
        issue = Issue(kind=Kind.REGULAR, date=date(2026, 11, 30), version=version)
        issue.subject = issue.preheader = issue.intro = ""
        content = compose(gather(session, issue, catalog.settings, catalog.storage))
    recipient = Recipient(
        parse_address("rené@bücher.example"),
        "Łukasz „Data” O'Neil",
        "<1@news.example.org>",
        TOKEN,
        TOKEN,
    )
    assert isinstance(content, IssueContent)
    headers = Headers.of_issue(catalog.settings, "monday", issue.date, NOW)
    return Mail(content, build(render_issue(content), headers, recipient))


def test_the_text_comes_first_and_is_complete(mail: Mail) -> None:
    top = mail.parsed
    assert top.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in top.iter_parts()] == [
        "text/plain",
        "multipart/related",
    ]
    text = " ".join(mail.body("plain").split())
    content = mail.content
    wanted = [
        content.title,
        *(column.name for column in content.columns),
        *content.questions,
        *content.caveats,
        *(line for loader in content.loaders for line in loader.code.splitlines()),
        content.csv_url,
        content.citation,
        content.postal_address,
    ]
    for piece in wanted:
        assert " ".join(piece.split()) in text


def test_the_html_is_under_the_size_that_is_clipped(mail: Mail) -> None:
    assert len(mail.body("html").encode()) <= HTML_BYTES


def test_images_have_alt_text_and_a_size_and_come_along(mail: Mail) -> None:
    page = _Page(mail.body("html"))
    attached = {str(part["Content-ID"]) for part in mail.parsed.walk() if part["Content-ID"]}
    assert {f"<{image['src'].removeprefix('cid:')}>" for image in page.images} == attached
    for image in page.images:
        assert len(image["alt"]) > 20
        assert int(image["width"]) > 0
        assert int(image["height"]) > 0


def test_lines_are_short_end_in_crlf_and_survive_any_relay(mail: Mail) -> None:
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", mail.raw) is None
    lines = mail.raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    to = next(line for line in lines if line.startswith(b"To:"))
    at = lines.index(to)
    assert all(line.isascii() for line in lines[:at] + lines[at + 3 :])


def test_each_header_is_there_exactly_once(mail: Mail) -> None:
    counts = Counter(name.lower() for name in mail.parsed)
    for name in (
        "from", "to", "subject", "date", "message-id", "list-id", "list-unsubscribe",
        "list-unsubscribe-post", "feedback-id", "precedence", "mime-version",
    ):  # fmt: skip
        assert counts[name] == 1


def test_one_click_unsubscribe_is_one_whole_https_address(mail: Mail) -> None:
    head = mail.raw.split(b"\r\n\r\n", 1)[0]
    assert f"List-Unsubscribe: <https://news.example.org/unsubscribe/{TOKEN}>\r\n".encode() in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
    for line in head.split(b"\r\n"):
        if line.startswith(b"List-"):
            assert b"=?" not in line


def test_the_links_are_whole_in_both_bodies(mail: Mail) -> None:
    for kind in ("plain", "html"):
        body = mail.body(kind)
        assert f"https://news.example.org/unsubscribe/{TOKEN}" in body
        assert f"https://news.example.org/preferences/{TOKEN}" in body
        assert mail.content.public_url in body


def test_names_and_titles_read_back(mail: Mail) -> None:
    to = mail.parsed["To"].addresses[0]
    assert to.display_name == "Łukasz „Data” O'Neil"
    assert to.domain == "xn--bcher-kva.example"
    assert str(mail.parsed["Subject"]) == mail.content.subject


def test_the_quoted_printable_bodies_are_by_the_rules(mail: Mail) -> None:
    for part in mail.parsed.walk():
        if part.get_content_maintype() == "text":
            assert part["Content-Transfer-Encoding"] == "quoted-printable"
            encoded = part.get_payload(decode=False)
            assert isinstance(encoded, str)
            assert max(map(len, encoded.splitlines())) <= 76
            assert quopri.decodestring(encoded.encode()).decode("utf-8")


def test_dark_mode_is_declared(mail: Mail) -> None:
    assert 'name="color-scheme"' in mail.body("html")


def test_the_preview_has_five_rows_and_the_columns_are_sketched(mail: Mail) -> None:
    assert len(mail.content.preview.rows) == 5
    assert 2 <= len(mail.content.columns) <= 8
    assert all(column.description for column in mail.content.columns)
    assert len(mail.content.loaders) == 4


class _Page(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append({name: value or "" for name, value in attrs})
