"""A dataset that went out wrong, put right: a new version, an erratum, and a mail to those
who got the old one, through a real SMTP server.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import feedparser
import pytest
import requests
import time_machine
from click.testing import CliRunner

from newsletter import clock, jobs
from newsletter.cli import newsletter
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.issue import IssueState, Kind
from tests import factories
from tests.functional.conftest import MailServer
from tests.functional.site import free_port, open_site

MONDAY = datetime(2026, 11, 30, 9, tzinfo=UTC)
WEDNESDAY = MONDAY + timedelta(days=2, hours=5)
READERS = ["ann@example.org", "ben@example.org", "cleo@example.org", "dan@example.org"]
GONE = ["gone1@example.org", "gone2@example.org"]
WRONG = "river,length_km\nNile,6650\nAmazon,640\nYangtze,6300\n"
RIGHT = "river,length_km\nNile,6650\nAmazon,6400\nYangtze,6300\n"
NOTE = "The Amazon had lost a digit: it is 6,400 km long, not 640."


class Desk:
    """A curator at the command line, and a worker."""

    def __init__(self, installation: Installation, environ: dict[str, str], server: MailServer):
        self.installation = installation
        self.base = installation.settings.base_url
        self._environ = environ
        self._server = server

    def do(self, *arguments: str) -> str:
        result = CliRunner().invoke(newsletter, arguments, env=self._environ)
        assert result.exit_code == 0, result.output
        return result.output

    def work(self) -> list[EmailMessage]:
        """Let the clock look and the worker send; returns what arrived."""
        before = len(self._server.raw())
        assert not jobs.run_all(self.installation, clock.now(), jobs.LOCAL_JOBS)
        jobs.deliver(self.installation)
        arrived = self._server.messages()[before:]
        return [mail for mail in arrived if "The longest rivers" in mail["Subject"]]

    def join(self, *addresses: str) -> None:
        with self.installation.db.write() as session:
            for address in addresses:
                factories.subscriber(session, self.installation.signer, address)

    def leave(self, mail: EmailMessage) -> None:
        url = str(mail["List-Unsubscribe"]).strip("<>")
        answer = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=30)
        assert answer.status_code == 200

    def get(self, path: str) -> requests.Response:
        answer = requests.get(self.base + path, timeout=60)
        assert answer.status_code == 200, path
        return answer

    def balance(self, day: datetime, kind: Kind) -> Balance:
        with self.installation.db.read() as session:
            issue = calendar.get(session, day.date(), kind)
            assert issue.state is IssueState.SENT
            found = balance_of(session, issue)
        assert found.holds
        return found

    def files(self, number: str) -> dict[str, str]:
        """The SHA-256 of each file of a version, as it is downloaded."""
        return {
            kind: hashlib.sha256(
                self.get(f"/datasets/rivers/v/{number}/rivers.{kind}").content
            ).hexdigest()
            for kind in ("csv", "parquet", "json")
        }

    def entries(self) -> dict[str, feedparser.FeedParserDict]:
        return {entry.id: entry for entry in feedparser.parse(self.get("/feed.atom").text).entries}


@pytest.fixture
def desk(environ: dict[str, str], database_url: str, mail_server: MailServer) -> Iterator[Desk]:
    environ |= {
        "DATABASE_URL": database_url,
        "NEWSLETTER_TIMEZONE": "UTC",
        "NEWSLETTER_MAIL_URL": mail_server.url,
    }
    with open_site(environ, free_port()) as site:
        yield Desk(site.installation, environ, mail_server)


def test_a_wrong_dataset_is_put_right_for_those_who_got_it(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "rivers.csv").write_text(WRONG)
    with time_machine.travel(MONDAY - timedelta(days=3)):
        desk.do("dataset", "add", str(tmp_path / "rivers.csv"), "--slug", "rivers",
                "--title", "The longest rivers", "--license", "CC0-1.0", "--publish")  # fmt: skip
        desk.do("issue", "plan", "--date", str(MONDAY.date()), "--dataset", "rivers")
        desk.join(*READERS, *GONE)
    with time_machine.travel(MONDAY):
        first = desk.work()
        assert sorted(m["X-To"] for m in first) == READERS
        assert desk.balance(MONDAY, Kind.REGULAR) == Balance(6, sent=4, failed=2)
    old_files, old_entries = desk.files("1.0.0"), desk.entries()
    desk.leave(next(m for m in first if m["X-To"] == READERS[0]))

    (tmp_path / "rivers.csv").write_text(RIGHT)
    with time_machine.travel(WEDNESDAY):
        desk.join("eve@example.org")  # who never got the wrong one
        said = desk.do("dataset", "update", "rivers", str(tmp_path / "rivers.csv"))
        assert "1.0.0 to 2.0.0" in said
        assert desk.get("/datasets/rivers/v/1.0.0/").text  # nothing is public yet
        assert requests.get(f"{desk.base}/datasets/rivers/v/2.0.0/", timeout=30).status_code == 404
        desk.do("dataset", "correct", "rivers", "--note", NOTE, "--mail", "now")
        told = desk.work()
        assert desk.work() == []

    assert sorted(m["X-To"] for m in told) == READERS[1:]
    assert {str(m["Subject"]) for m in told} == {"Correction: The longest rivers"}
    for mail in told:
        body = mail.get_body(("plain",))
        assert body is not None
        text = body.get_content()
        assert text.index(NOTE[:30]) < text.index("What changed") < text.index("What to do")
        assert "/datasets/rivers/v/1.0.0/" in text
        assert "/datasets/rivers/v/2.0.0/" in text
    assert desk.balance(WEDNESDAY, Kind.CORRECTION) == Balance(3, sent=3)
    assert desk.balance(MONDAY, Kind.REGULAR) == Balance(6, sent=4, failed=2)

    assert desk.files("1.0.0") == old_files
    assert desk.get("/datasets/rivers/v/1.0.0/rivers.csv").text == WRONG
    assert desk.get("/datasets/rivers/v/2.0.0/rivers.csv").text == RIGHT
    page = desk.get("/datasets/rivers/v/1.0.0/").text
    assert NOTE in page
    assert old_files["csv"] in page
    assert "+1 row, −1 row" in desk.get("/datasets/rivers/v/1.0.0..2.0.0").text

    entries = desk.entries()
    (monday,) = old_entries
    assert set(entries) - set(old_entries) == {
        f"tag:127.0.0.1,{WEDNESDAY.date()}:erratum/rivers/2.0.0"
    }
    assert entries[monday].published == old_entries[monday].published
    assert entries[monday].updated > old_entries[monday].updated
    assert "is wrong" in entries[monday].content[0].value

    shown = desk.do("issue", "show", str(WEDNESDAY.date()), "--kind", "correction")
    assert "2.0.0" in shown
    assert NOTE[:20] in desk.get(f"/issues/{WEDNESDAY.date()}-correction").text
