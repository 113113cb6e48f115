"""The faults that Postfix's own test server can make: the ledger says of them what it says of
ours. Such a server fails at one command, and each time."""

from collections.abc import Callable

import pytest

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from newsletter.transports.smtp.transport import SmtpTransport
from tests.functional.mailing import (
    BLOCKED,
    DEFERRED,
    FOR_A_DATABASE,
    REJECTED,
    REQUEUED,
    SENT,
    UNKNOWN,
    Mailing,
    Try,
    in_counted_time,
)
from tests.transports.conftest import Sink

pytestmark = pytest.mark.postfix

READERS = 3
A_WHILE = 5.0  # seconds of counted time: then a server that never gets well is left alone
NOBODY: set[Try] = set()
SOFT, HARD, HANGS_UP, SAYS_421 = "-r", "-f", "-q", "-Q"


def send(mailing: Mailing, sink: Sink) -> None:
    way = SmtpTransport("127.0.0.1", sink.port, "news.example.org", "none")
    in_counted_time(mailing.send(way, seconds=A_WHILE), FOR_A_DATABASE)


ROWS = [
    (SOFT, ("CONNECT", "EHLO"), NOBODY),
    (SOFT, ("MAIL",), {REQUEUED}),
    (SOFT, ("RCPT", "DATA", "."), {DEFERRED}),
    (SOFT, ("QUIT",), {SENT}),
    (HARD, ("CONNECT",), NOBODY),
    (HARD, ("MAIL",), {BLOCKED}),
    (HARD, ("RCPT", "DATA", "."), {REJECTED}),
    (HARD, ("EHLO", "QUIT"), {SENT}),
    (HANGS_UP, ("CONNECT", "EHLO"), NOBODY),
    (HANGS_UP, ("MAIL",), {REQUEUED}),
    (HANGS_UP, ("RCPT", "DATA"), {DEFERRED}),
    (HANGS_UP, (".",), {UNKNOWN, REQUEUED}),
    (HANGS_UP, ("QUIT",), {SENT}),
    (SAYS_421, ("CONNECT", "EHLO"), NOBODY),
    (SAYS_421, ("MAIL", "RCPT", "DATA", "."), {REQUEUED}),
    (SAYS_421, ("QUIT",), {SENT}),
]


@pytest.mark.parametrize(
    ("flag", "command", "become"),
    [(flag, command, become) for flag, commands, become in ROWS for command in commands],
)
@pytest.mark.parametrize("pipelining", [[], ["-p"]], ids=["pipelined", "lock-step"])
def test_a_server_that_always_fails_at_one_command(
    on_sqlite: Installation,
    smtp_sink: Callable[..., Sink],
    pipelining: list[str],
    flag: str,
    command: str,
    become: set[Try],
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    send(mailing, smtp_sink(*pipelining, flag, command))
    assert {a_try for tries in mailing.tries.values() for a_try in tries} <= become
    assert bool(mailing.tries) == bool(become)
    assert mailing.suppressed == 0
    assert mailing.balance.holds
    our_fault = flag == HARD and become in (NOBODY, {BLOCKED})
    assert (mailing.state is IssueState.PAUSED) == our_fault


@pytest.mark.parametrize("flag", [SOFT, HARD, HANGS_UP, SAYS_421])
def test_a_server_that_also_fails_at_rset(
    on_sqlite: Installation, smtp_sink: Callable[..., Sink], flag: str
) -> None:
    """It is said after each recipient that is refused."""
    mailing = Mailing(on_sqlite, READERS)
    both = [flag, "RCPT,RSET"] if flag == HARD else [HARD, "RCPT", flag, "RSET"]
    send(mailing, smtp_sink(*both))
    assert list(mailing.tries.values()) == [[REJECTED]] * READERS
    assert mailing.suppressed == 0
