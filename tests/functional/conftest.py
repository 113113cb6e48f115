"""Servers of their own processes, and what arrived at them."""

import subprocess
import sys
import time
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

import pytest

from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.migrated import migrate
from tests.transports.conftest import authority, cafile, certified, smtp_sink

__all__ = ["authority", "cafile", "certified", "smtp_sink"]


class MailServer:
    """A running SMTP server and the messages that it has accepted."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"smtp://127.0.0.1:{port}"

    def raw(self) -> list[bytes]:
        """Each message as it came, in the order of arrival."""
        files = sorted(self.folder.glob("*.eml"), key=lambda file: int(file.stem))
        return [file.read_bytes() for file in files]

    def messages(self) -> list[EmailMessage]:
        return [
            message_from_bytes(raw, _class=EmailMessage, policy=policy.default)
            for raw in self.raw()
        ]

    def headers(self) -> list[EmailMessage]:
        """The same without their bodies, which take long to read."""
        parser = BytesHeaderParser(EmailMessage, policy=policy.default)
        return [parser.parsebytes(raw) for raw in self.raw()]

    def wait_for(self, count: int) -> None:
        """Return once ``count`` messages have arrived."""
        deadline = time.monotonic() + 120
        while sum(1 for _ in self.folder.glob("*.eml")) < count:
            assert time.monotonic() < deadline, f"{count} messages did not arrive"
            time.sleep(0.01)

    def recipients(self) -> list[str]:
        return [str(message["X-To"]) for message in self.headers()]


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "mailbox"
    folder.mkdir()
    script = Path(__file__).with_name("smtp_server.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield MailServer(folder, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def on_sqlite(environ: dict[str, str]) -> Iterator[Installation]:
    yield from _installed(environ)


@pytest.fixture
def on_both(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    """Once on each database."""
    yield from _installed(environ | {"DATABASE_URL": database_url})


def _installed(environ: dict[str, str]) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    yield opened
    opened.db.close()
