"""Hand messages to an SMTP server, one conversation a connection.

``smtp://[user:password@]host[:port][?tls=none|starttls&cafile=PATH]`` or
``smtps://...`` (RFC 8314). STARTTLS is required, not hoped for, except on
loopback or with ``tls=none``; the certificate and the name are verified.
``user@host?auth=xoauth2&token_file=PATH`` logs in with an access token.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from newsletter.errors import BadSetting
from newsletter.transports.base import Feed, Outcome, Unavailable, Verdict
from newsletter.transports.smtp.auth import Login, log_in
from newsletter.transports.smtp.connection import TIMEOUTS, Broken, Connection, connect
from newsletter.transports.smtp.conversation import Conversation
from newsletter.transports.smtp.replies import Phase, Reply, judge, lost

DEFAULT_PORT = {"smtp": 25, "smtps": 465}


@dataclass
class SmtpTransport:
    host: str
    port: int
    own_name: str
    tls: str = "starttls"  # "none", "starttls" or "implicit"
    user: str = ""
    password: str = field(default="", repr=False)
    token_file: Path | None = None  # holds an access token; instead of the password
    cafile: str | None = None
    timeouts: Mapping[Phase, float] = field(default_factory=lambda: TIMEOUTS)  # seconds
    lock_step: bool = False  # set once the server has surprised us

    @classmethod
    def from_url(cls, url: str, own_name: str) -> "SmtpTransport":
        """Raises BadSetting."""
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        try:
            port = parts.port
        except ValueError:
            port = -1
        is_implicit = parts.scheme == "smtps"
        tls = query.pop("tls", ["implicit" if is_implicit else ""])[0]
        cafile = query.pop("cafile", [None])[0]
        token_file = _token_file(parts, query, tls)
        known = tls == "implicit" if is_implicit else tls in ("", "none", "starttls")
        if not parts.hostname or port == -1 or not known or query:
            raise BadSetting(
                "NEWSLETTER_MAIL_URL: give smtp://user:password@host:587, "
                "with ?tls=none or ?tls=starttls where the default does not fit"
            )
        return cls(
            host=parts.hostname,
            port=port or (587 if parts.username and not tls else DEFAULT_PORT[parts.scheme]),
            own_name=own_name,
            tls=tls or ("none" if _is_loopback(parts.hostname) else "starttls"),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            token_file=token_file,
            cafile=cafile,
        )

    def describe(self) -> str:
        return f"{self.host}:{self.port}"

    @property
    def login(self) -> Login | None:
        return Login(self.user, self.password, self.token_file) if self.user else None

    async def serve_connection(self, feed: Feed) -> None:
        connection = await self.open()
        pipelining = "PIPELINING" in connection.extensions and not self.lock_step
        conversation = Conversation(connection, feed, pipelining)
        try:
            await conversation.run()
        finally:
            connection.wire.close()
            if conversation.surprised:
                self.lock_step = True

    async def open(self) -> Connection:
        """A connection ready for MAIL. Raises Unavailable; nothing was sent then."""
        context = self._tls_context()
        phase = Phase.CONNECT
        connection = None
        try:
            connection = await connect(
                self.host, self.port, context if self.tls == "implicit" else None, self.timeouts
            )
            self._expect(phase, await connection.reply(Phase.EHLO), 220)
            phase = Phase.EHLO
            self._expect(phase, await connection.greet(self.own_name), 250)
            if self.tls == "starttls":
                assert context is not None  # noqa: S101
                phase = Phase.TLS
                await self._encrypt(connection, context)
            if self.login is not None:
                phase = Phase.AUTH
                await log_in(connection, self.login, self.host, self.port)
        except Broken as broken:
            if connection is not None:
                connection.wire.close()
            outcome = lost(phase, str(broken))
            if isinstance(broken.__cause__, ssl.SSLCertVerificationError):
                outcome = Outcome(Verdict.BLOCKED, str(broken))  # waiting mends no certificate
            raise Unavailable(f"{self.describe()}: {broken}.", outcome) from broken
        except BaseException:
            if connection is not None:
                connection.wire.close()
            raise
        return connection

    def _tls_context(self) -> ssl.SSLContext | None:
        if self.tls == "none":
            return None
        try:
            return ssl.create_default_context(cafile=self.cafile)
        except OSError as error:
            raise Unavailable(
                f"The cafile of NEWSLETTER_MAIL_URL cannot be read: {error.strerror or error}.",
                Outcome(Verdict.BLOCKED, "no certificates to verify the server with"),
            ) from error

    async def _encrypt(self, connection: Connection, context: ssl.SSLContext) -> None:
        if "STARTTLS" not in connection.extensions:
            raise Unavailable(
                f"{self.describe()} offers no STARTTLS, so nothing was sent: "
                "correct the port, or add ?tls=none to NEWSLETTER_MAIL_URL.",
                Outcome(Verdict.BLOCKED, "no STARTTLS offered"),
            )
        self._expect(Phase.TLS, await connection.start_tls(context, self.host), 220)
        self._expect(Phase.EHLO, await connection.greet(self.own_name), 250)

    def _expect(self, phase: Phase, reply: Reply, code: int) -> None:
        if reply.code != code:
            raise Unavailable(
                f"{self.describe()} answered {reply} to {phase.name}.", judge(phase, reply)
            )


def _token_file(parts: SplitResult, query: dict[str, list[str]], tls: str) -> Path | None:
    """The file of ``?auth=xoauth2&token_file=PATH``, taken out of ``query``."""
    auth, path = query.pop("auth", [""])[0], query.pop("token_file", [""])[0]
    if not auth and not path:
        return None
    if auth != "xoauth2" or not path or not parts.username or parts.password is not None:
        raise BadSetting(
            "NEWSLETTER_MAIL_URL: to log in with an access token give "
            "smtp://user@host:587?auth=xoauth2&token_file=/path/to/token, and no password"
        )
    if tls == "none" and not _is_loopback(parts.hostname or ""):
        raise BadSetting("NEWSLETTER_MAIL_URL: an access token needs TLS: leave ?tls=none out")
    return Path(path)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
