"""Write each message to a Maildir: for the demo, for tests, and for reading by hand.

https://cr.yp.to/proto/maildir.html, with one change: the file's name is made
from the Message-ID, so that a message written again replaces itself. Here a
crash doubles nothing.
"""

import hashlib
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from newsletter.errors import BadSetting
from newsletter.transports.base import Envelope, Feed, Outcome, Unavailable, Verdict


class MaildirTransport:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def from_url(cls, mail_url: str, own_name: str) -> "MaildirTransport":
        """``maildir:`` and a path, with or without slashes before it. Raises BadSetting."""
        rest = mail_url.partition(":")[2]
        path = unquote(urlsplit(rest).path if rest.startswith("//") else rest)
        if not path:
            raise BadSetting("NEWSLETTER_MAIL_URL: give a folder, such as maildir:/var/mail/out")
        return cls(Path(path))

    async def serve_connection(self, feed: Feed) -> None:
        try:
            for part in ("tmp", "new", "cur"):
                (self.folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            outcome = Outcome(Verdict.REQUEUED, str(error))
            raise Unavailable(f"{self.folder} is no Maildir: {error.strerror}.", outcome) from error
        while (envelope := await feed.take()) is not None:
            outcome = self._write(envelope)
            await feed.settle(envelope, outcome)
            if outcome.verdict is not Verdict.SENT:
                return

    def describe(self) -> str:
        return f"the folder {self.folder}"

    def _write(self, envelope: Envelope) -> Outcome:
        name = hashlib.sha256(envelope.message_id.encode()).hexdigest()[:32]
        draft = self.folder / "tmp" / f"{name}.{os.getpid()}"
        headers = f"Return-Path: <{envelope.sender}>\nDelivered-To: {envelope.recipient}\n".encode()
        try:
            draft.write_bytes(headers + envelope.content.replace(b"\r\n", b"\n"))
            draft.replace(self.folder / "new" / name)
        except OSError as error:
            draft.unlink(missing_ok=True)
            return Outcome(Verdict.REQUEUED, f"{type(error).__name__}: {error.strerror}")
        return Outcome(Verdict.SENT, f"written as {name}")
