"""Each message is one whole file, and written again it is still one."""

import asyncio
import email
from email import policy
from pathlib import Path

import pytest

from newsletter.errors import BadSetting
from newsletter.transports import open_transport
from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp.transport import SmtpTransport
from tests.transports.feeds import ListFeed, envelope


def carry(folder: Path, *numbers: int) -> ListFeed:
    feed = ListFeed(map(envelope, numbers))
    asyncio.run(MaildirTransport(folder).serve_connection(feed))
    return feed


def test_each_message_is_a_file_with_its_envelope(tmp_path: Path) -> None:
    assert carry(tmp_path, 1, 2, 3).verdicts == dict.fromkeys((1, 2, 3), Verdict.SENT)
    kept = [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in (tmp_path / "new").iterdir()
    ]
    assert {message["Delivered-To"] for message in kept} == {
        f"reader{number}@example.org" for number in (1, 2, 3)
    }
    assert {message["Return-Path"] for message in kept} == {"<list@example.org>"}
    assert {message["Subject"] for message in kept} == {"hello"}


def test_a_message_that_is_written_again_replaces_itself(tmp_path: Path) -> None:
    carry(tmp_path, 1, 2)
    carry(tmp_path, 2, 3)
    assert len(list((tmp_path / "new").iterdir())) == 3


def test_nothing_is_left_in_tmp(tmp_path: Path) -> None:
    carry(tmp_path, 1, 2)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_disk_that_takes_nothing_puts_the_message_back_and_ends(tmp_path: Path) -> None:
    carry(tmp_path)
    (tmp_path / "new").rmdir()
    (tmp_path / "new").write_text("in the way")
    feed = ListFeed(map(envelope, (1, 2)))
    with pytest.raises(Unavailable, match="no Maildir"):
        asyncio.run(MaildirTransport(tmp_path).serve_connection(feed))
    assert feed.taken == []


def test_a_message_that_cannot_be_written_is_put_back_and_no_other_is_begun(
    tmp_path: Path,
) -> None:
    class InTheWay(ListFeed):
        async def take(self, wait: bool = True):  # type: ignore[no-untyped-def]
            if not self.taken:
                (tmp_path / "new").rmdir()
            return await super().take(wait)

    feed = InTheWay(map(envelope, (1, 2)))
    asyncio.run(MaildirTransport(tmp_path).serve_connection(feed))
    assert feed.verdicts == {1: Verdict.REQUEUED}
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("maildir:/var/mail/out", "/var/mail/out"),
        ("maildir:///var/mail/out", "/var/mail/out"),
        ("maildir:outbox", "outbox"),
        ("maildir:/var/a%20b", "/var/a b"),
    ],
)
def test_a_maildir_is_named_with_or_without_slashes(url: str, folder: str) -> None:
    way = open_transport(url, "news.example.org")
    assert isinstance(way, MaildirTransport)
    assert way.folder == Path(folder)
    assert way.describe() == f"the folder {folder}"


@pytest.mark.parametrize("url", ["smtp://relay.example", "smtps://relay.example"])
def test_a_server_is_opened_by_its_scheme(url: str) -> None:
    assert isinstance(open_transport(url, "news.example.org"), SmtpTransport)


@pytest.mark.parametrize("url", ["maildir:", "carrier-pigeon://loft", ""])
def test_it_refuses_a_way_that_leads_nowhere(url: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_MAIL_URL"):
        open_transport(url, "news.example.org")
