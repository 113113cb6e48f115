"""Say who we are to an SMTP server: AUTH (RFC 4954).

With a password by PLAIN (RFC 4616) or LOGIN; with an access token by XOAUTH2
(Google's and Microsoft's) or OAUTHBEARER (RFC 7628). Nothing secret leaves for
a server that does not offer a way to take it.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.transports.base import Outcome, Unavailable, Verdict
from newsletter.transports.smtp.connection import Connection
from newsletter.transports.smtp.replies import Phase, Reply, judge

BY_PASSWORD = ("PLAIN", "LOGIN")
BY_TOKEN = ("XOAUTH2", "OAUTHBEARER")
COMMAND_OCTETS = 512  # RFC 4954 4: a longer initial response waits for the 334
# What ends the exchange after an error challenge (RFC 7628 3.2.3; for XOAUTH2 an empty line).
ACKNOWLEDGED = {"XOAUTH2": "", "OAUTHBEARER": "AQ=="}


@dataclass(frozen=True, slots=True)
class Login:
    """A user, and either a password or the file that holds an access token.

    The file is read at each connection: whoever renews the token replaces it.
    """

    user: str
    password: str = field(default="", repr=False)
    token_file: Path | None = None

    def mechanism(self, offered: Mapping[str, str]) -> str | None:
        """The way to log in among the ``offered`` extensions; None: there is none."""
        names = offered.get("AUTH", "").split()
        ways = BY_TOKEN if self.token_file else BY_PASSWORD
        return next((way for way in ways if way in names), None)

    def token(self) -> str:
        """The access token as it is now. Raises Unavailable."""
        assert self.token_file is not None  # noqa: S101
        try:
            token = self.token_file.read_text("ascii").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
            raise _no_token(self.token_file, f"cannot be read: {reason}") from None
        if not token or not token.isprintable() or " " in token:
            raise _no_token(self.token_file, "must hold an access token and nothing else")
        return token


async def log_in(connection: Connection, login: Login, host: str, port: int) -> str:
    """Log in to the server at ``host``; returns the mechanism that it took.

    Raises Unavailable where the server offers no way or refuses, and Broken.
    """
    place = f"{host}:{port}"
    mechanism = login.mechanism(connection.extensions)
    if mechanism is None:
        raise _not_offered(place, login, connection.extensions)
    if mechanism == "LOGIN":
        challenge, reply = "", await _by_login(connection, login)
    else:
        response = _initial_response(mechanism, login, host, port)
        challenge, reply = await _by_response(connection, mechanism, response)
    if reply.code != 235:
        raise _refused(place, login, reply, challenge)
    return mechanism


async def _by_login(connection: Connection, login: Login) -> Reply:
    reply = await connection.command(Phase.AUTH, "AUTH LOGIN")
    for answer in (login.user, login.password):
        if reply.code != 334:
            return reply
        reply = await connection.command(Phase.AUTH, _base64(answer))
    return reply


async def _by_response(connection: Connection, mechanism: str, response: str) -> tuple[str, Reply]:
    """One response says all: the error challenge, if one came, and the last reply."""
    command = f"AUTH {mechanism} {response}"
    if len(command) + len("\r\n") <= COMMAND_OCTETS:
        reply = await connection.command(Phase.AUTH, command)
    else:
        reply = await connection.command(Phase.AUTH, f"AUTH {mechanism}")
        if reply.code == 334:
            reply = await connection.command(Phase.AUTH, response)
    if reply.code != 334:
        return "", reply
    # A server that refuses a token says why in a challenge, and waits to be acknowledged.
    challenge = reply.text
    return challenge, await connection.command(Phase.AUTH, ACKNOWLEDGED.get(mechanism, "*"))


def _initial_response(mechanism: str, login: Login, host: str, port: int) -> str:
    if mechanism == "PLAIN":
        return _base64(f"\0{login.user}\0{login.password}")
    bearer = f"auth=Bearer {login.token()}\1\1"
    if mechanism == "XOAUTH2":
        return _base64(f"user={login.user}\1{bearer}")
    name = login.user.replace("=", "=3D").replace(",", "=2C")  # a saslname, RFC 5801 4
    return _base64(f"n,a={name},\1host={host}\1port={port}\1{bearer}")


def _not_offered(place: str, login: Login, offered: Mapping[str, str]) -> Unavailable:
    ways = " or ".join(BY_TOKEN if login.token_file else BY_PASSWORD)
    names = offered.get("AUTH", "").replace(" ", ", ") or "none"
    return Unavailable(
        f"{place} offers no login by {ways} (it offers {names}), so nothing was sent: "
        "correct the user, the port or ?auth= in NEWSLETTER_MAIL_URL.",
        Outcome(Verdict.BLOCKED, f"no login by {ways} offered"),
    )


def _refused(place: str, login: Login, reply: Reply, challenge: str) -> Unavailable:
    outcome = judge(Phase.AUTH, reply)
    if outcome.verdict is not Verdict.BLOCKED:
        return Unavailable(f"{place} takes no login at the moment: it said {reply}.", outcome)
    if login.token_file is None:
        cure = "check the user and the password in NEWSLETTER_MAIL_URL"
        return Unavailable(f"{place} refused the login: {cure}; it said {reply}.", outcome)
    cure = f"renew the token in {login.token_file}, or check the user in NEWSLETTER_MAIL_URL"
    answer = f"{reply}{_in_words(challenge)}"
    return Unavailable(
        f"{place} refused the access token: {cure}; it said {answer}.",
        Outcome(outcome.verdict, answer),
    )


def _in_words(challenge: str) -> str:
    """What the JSON of an error challenge says (RFC 7628 3.2.2), or nothing."""
    try:
        error = json.loads(base64.b64decode(challenge, validate=True))
        status, scope = error.get("status"), error.get("scope")
    except (binascii.Error, ValueError, AttributeError):
        return ""
    words = f", status {status}" if status else ""
    return f"{words}, and that it wants the scope {scope}" if scope else words


def _no_token(path: Path, complaint: str) -> Unavailable:
    return Unavailable(
        f"The token file {path} of NEWSLETTER_MAIL_URL {complaint}.",
        Outcome(Verdict.BLOCKED, "no access token to log in with"),
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")
