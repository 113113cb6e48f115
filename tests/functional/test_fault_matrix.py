"""Each command met with each fault, in a pipeline and in lock-step: what the ledger says of
every recipient then, and after the next try.

One connection carries the issue to four readers, and the fault strikes the second of them
(or the first, where it comes before any message).
"""

import ssl
from collections.abc import Callable

import pytest

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from tests.functional.mailing import (
    BLOCKED,
    DEFERRED,
    FOR_A_DATABASE,
    LARGE,
    REJECTED,
    REQUEUED,
    SENT,
    TEN,
    UNKNOWN,
    Mailing,
    Try,
    run,
)
from tests.transports.scripted import FAULTS, OK, ScriptedServer, say
from tests.transports.talking import BOTH_WAYS, PIPELINED

# In the order of FAULTS: 421, 4xx, 5xx, disconnect, stall, garbage.
BECOMES = {
    "MAIL": (REQUEUED, REQUEUED, BLOCKED, REQUEUED, REQUEUED, REQUEUED),
    "RCPT": (REQUEUED, DEFERRED, REJECTED, DEFERRED, DEFERRED, DEFERRED),
    "DATA": (REQUEUED, DEFERRED, REJECTED, DEFERRED, DEFERRED, DEFERRED),
    "BODY": (REQUEUED, DEFERRED, REJECTED, DEFERRED, DEFERRED, DEFERRED),
    "DOT": (REQUEUED, DEFERRED, REJECTED, UNKNOWN, UNKNOWN, UNKNOWN),
}
MATRIX = [
    (step, fault, becomes)
    for step, row in BECOMES.items()
    for fault, becomes in zip(FAULTS, row, strict=True)
]
ON_BOTH = [cell for cell in MATRIX if cell[0] in ("MAIL", "DOT") and cell[1] != "stall"]
READERS = 4


def assert_struck(mailing: Mailing, struck: int, becomes: Try) -> None:
    """The fault has struck one reader with these consequences, and no other with any."""
    first, *later = mailing.tries[struck]
    assert first == becomes
    assert later == ([SENT] if becomes == REQUEUED else [])
    paused = becomes == BLOCKED
    for number in set(range(READERS)) - {struck}:
        tries = mailing.tries[number]
        assert set(tries) <= {REQUEUED, SENT}
        assert tries[-1:] == [SENT] or (paused and number > struck)
    assert (mailing.state is IssueState.PAUSED) == paused
    assert mailing.suppressed == 0
    assert mailing.balance.holds


def assert_tried_again(mailing: Mailing, struck: int, becomes: Try) -> None:
    """Another day the server is well: whoever was not refused for good gets it, once."""
    if becomes == BLOCKED:
        mailing.resume()
    mailing.now += TEN
    well = ScriptedServer()
    run(mailing, well)
    balance = mailing.balance
    refused = int(becomes == REJECTED)
    assert (balance.sent, balance.failed) == (READERS - refused, refused)
    assert mailing.state is IssueState.SENT
    retried = [number for number, tries in mailing.tries.items() if tries[-1].attempts == 2]
    assert retried == ([struck] if becomes in (DEFERRED, UNKNOWN) else [])


@pytest.mark.parametrize(("step", "fault", "becomes"), MATRIX)
@BOTH_WAYS
def test_each_fault_at_each_step_leaves_in_the_ledger_what_the_table_says(
    on_sqlite: Installation, extensions: tuple[str, ...], step: str, fault: str, becomes: Try
) -> None:
    before = [] if step == "BODY" else [OK]  # an answer to a body is always a fault
    mailing = Mailing(on_sqlite, READERS, LARGE if step == "BODY" else 0)
    server = ScriptedServer({step: [*before, FAULTS[fault]]}, extensions)
    run(mailing, server)
    assert_struck(mailing, len(before), becomes)
    if step != "BODY":
        assert_tried_again(mailing, len(before), becomes)


@pytest.mark.parametrize(("step", "fault", "becomes"), ON_BOTH)
def test_the_ledger_of_each_database_says_the_same(
    on_both: Installation, step: str, fault: str, becomes: Try
) -> None:
    mailing = Mailing(on_both, READERS)
    server = ScriptedServer({step: [OK, FAULTS[fault]]})
    run(mailing, server, patience=FOR_A_DATABASE)
    assert_struck(mailing, 1, becomes)
    assert_tried_again(mailing, 1, becomes)


def test_after_the_dot_of_an_unanswered_message_the_same_one_comes_again(
    on_sqlite: Installation,
) -> None:
    mailing = Mailing(on_sqlite, 1)
    server = ScriptedServer({"DOT": [FAULTS["stall"]]})
    waited = run(mailing, server)
    assert waited >= 600  # RFC 5321 4.5.3.2.6
    assert mailing.tries[0] == [UNKNOWN]
    mailing.now += TEN
    again = ScriptedServer()
    run(mailing, again)
    assert mailing.tries[0][1:] == [SENT._replace(attempts=2)]
    assert again.messages == server.messages


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "STARTTLS", "AUTH"])
def test_a_fault_before_the_first_message_is_nobodys_but_ours(
    on_sqlite: Installation,
    certified: Callable[[str], ssl.SSLContext],
    cafile: str,
    step: str,
    fault: str,
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    extensions = (*PIPELINED, "STARTTLS", "AUTH PLAIN")
    # Who refuses EHLO is greeted with HELO, but offers no STARTTLS then.
    server = ScriptedServer({step: [FAULTS[fault]]}, extensions, certified("127.0.0.1"))
    run(mailing, server, tls="starttls", cafile=cafile, user="us", password="hunter2")
    if fault == "5xx":
        assert mailing.state is IssueState.PAUSED
        assert mailing.pause_reason
        assert not mailing.tries
        assert mailing.balance.pending == READERS
    else:
        assert list(mailing.tries.values()) == [[SENT]] * READERS
        assert mailing.state is IssueState.SENT
    assert mailing.suppressed == 0


@pytest.mark.parametrize("fault", FAULTS)
@BOTH_WAYS
def test_a_fault_of_rset_concerns_nobody(
    on_sqlite: Installation, extensions: tuple[str, ...], fault: str
) -> None:
    """It is said after a recipient was refused."""
    mailing = Mailing(on_sqlite, READERS)
    script = {"RCPT": [OK, say("550 5.0.0 no")], "RSET": [FAULTS[fault]]}
    run(mailing, ScriptedServer(script, extensions))
    assert mailing.tries[1] == [REJECTED]
    for number in (0, 2, 3):
        assert mailing.tries[number][-1] == SENT
        assert set(mailing.tries[number]) <= {REQUEUED, SENT}
    assert mailing.state is IssueState.SENT


@pytest.mark.parametrize("fault", FAULTS)
@BOTH_WAYS
def test_a_fault_of_quit_concerns_nobody(
    on_sqlite: Installation, extensions: tuple[str, ...], fault: str
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    run(mailing, ScriptedServer({"QUIT": [FAULTS[fault]]}, extensions))
    assert list(mailing.tries.values()) == [[SENT]] * READERS
    assert mailing.state is IssueState.SENT
