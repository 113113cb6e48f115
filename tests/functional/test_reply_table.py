"""The table of replies, row by row with the very codes: what the ledger says of the reader who
was struck, what becomes of the issue, and that nobody is suppressed who should not be."""

import pytest

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from tests.functional.mailing import (
    BLOCKED,
    DEAD,
    DEFERRED,
    FULL,
    REJECTED,
    REQUEUED,
    SENT,
    THROTTLED,
    Mailing,
    Try,
    run,
)
from tests.transports.scripted import OK, Answer, ScriptedServer, say

READERS, STRUCK = 3, 1
RECIPIENT = ("RCPT", "DATA", "DOT")
POLICY = [f"{code} 4.7.{n} no" for code in (421, 450) for n in (23, 27, 29, 30, 31, 32)]
ROWS = [
    (("RCPT",), "251 2.1.5 will forward", SENT),
    (("RCPT",), "252 2.1.5 not looked up, but taken", SENT),
    (("DOT",), "200", SENT),
    (RECIPIENT, "450 4.2.1 greylisted", DEFERRED),
    (RECIPIENT, "451 later", DEFERRED),
    (("RCPT",), "452 4.5.3 too many recipients", DEFERRED),
    (("RCPT",), "552 too many recipients", DEFERRED),
    (("RCPT",), "552 5.5.3 too many recipients", DEFERRED),
    (("DATA", "DOT"), "552 5.3.4 too large", REJECTED),
    (RECIPIENT, "452 4.2.2 mailbox full", FULL),
    (RECIPIENT, "552 5.2.2 mailbox full", FULL),
    (RECIPIENT, "552-the mailbox\r\n552 5.2.2 is full", FULL),
    *((RECIPIENT, f"550 {code} no such user", DEAD) for code in
      ("5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1")),
    (RECIPIENT, "550-the address\r\n550-is not known\r\n550 5.1.1 here", DEAD),
    (RECIPIENT, "550-5.1.1 the address\r\n550 5.1.1 is not known", DEAD),
    (RECIPIENT, "550 no such user", REJECTED),
    (RECIPIENT, "554", REJECTED),
    (RECIPIENT, "553 5.1.8 what a sender", REJECTED),
    (RECIPIENT, "556 5.1.11 takes no mail", REJECTED),
    *((RECIPIENT, f"{code} no", BLOCKED) for code in
      ("550 5.7.1", "554 5.7.26", "550 5.7.515", "554 5.7.0")),
    (RECIPIENT, "550-our policy\r\n550 5.7.515 says no", BLOCKED),
    *((RECIPIENT, reply, BLOCKED) for reply in POLICY),
    (("MAIL",), "451 4.3.0 later", REQUEUED),
    (("MAIL", *RECIPIENT), "421 4.3.2 going down", REQUEUED),
    (("MAIL",), "550 5.1.1 who are you", BLOCKED),
    (("MAIL",), "530 5.7.0 authenticate first", BLOCKED),
    (("MAIL",), "554 no", BLOCKED),
    (("MAIL", *RECIPIENT), "421 4.7.28 unusual rate", THROTTLED),
    (("MAIL", *RECIPIENT), "450 4.7.28 unusual rate", THROTTLED),
    (("MAIL", *RECIPIENT), "451-an unusual\r\n451 4.7.28 rate", THROTTLED),
]  # fmt: skip


def strike(mailing: Mailing, step: str, answer: Answer) -> ScriptedServer:
    server = ScriptedServer({step: [OK, answer]})
    run(mailing, server)
    return server


@pytest.mark.parametrize(
    ("step", "reply", "becomes"),
    [(step, reply, becomes) for steps, reply, becomes in ROWS for step in steps],
)
def test_each_row_of_the_table(
    on_sqlite: Installation, step: str, reply: str, becomes: Try
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    strike(mailing, step, say(reply, closes=reply.startswith("421")))
    first, *later = mailing.tries[STRUCK]
    assert first == becomes
    assert later == ([SENT] if becomes in (REQUEUED, THROTTLED) else [])
    assert mailing.suppressed == (1 if becomes == DEAD else 0)
    assert (mailing.state is IssueState.PAUSED) == (becomes == BLOCKED)
    if becomes == BLOCKED:
        assert mailing.pause_reason
        assert reply.split()[-1] in mailing.pause_reason
    else:
        for number in (0, 2):
            assert mailing.tries[number][-1] == SENT
    assert mailing.balance.holds


@pytest.mark.parametrize("step", ["CONNECT", "AUTH", "MAIL"])
@pytest.mark.parametrize("reply", ["554 5.7.1 no", "550 5.1.1 no such user", "535 5.7.8 no", "554"])
def test_5xx_before_a_recipient_is_named_pauses_the_issue_and_suppresses_nobody(
    on_sqlite: Installation, step: str, reply: str
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    server = ScriptedServer({step: [say(reply)]}, ("PIPELINING", "AUTH PLAIN"))
    run(mailing, server, user="us", password="hunter2")
    assert mailing.state is IssueState.PAUSED
    assert reply in (mailing.pause_reason or "")
    assert "hunter2" not in (mailing.pause_reason or "")
    assert mailing.suppressed == 0
    assert mailing.balance.pending == READERS


@pytest.mark.parametrize("reply", ["421 4.7.28 unusual rate", "450 4.7.28 unusual rate"])
def test_a_rate_reply_stops_all_for_ten_minutes_and_goes_on_with_one_connection(
    on_sqlite: Installation, reply: str
) -> None:
    mailing = Mailing(on_sqlite, 200)
    closes = reply.startswith("421")
    server = ScriptedServer({"RCPT": [*[OK] * 50, say(reply, closes)]})
    took = run(mailing, server, connections=4)
    assert 600 <= took < 660
    throttled = [number for number, tries in mailing.tries.items() if tries[0] == THROTTLED]
    assert len(throttled) == 1
    assert server.opened == [1, 2, 3, 4, 1]
    assert mailing.balance.sent == 200
    assert mailing.state is IssueState.SENT


def test_a_rate_reply_to_the_connection_itself_stops_for_ten_minutes_too(
    on_sqlite: Installation,
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    server = ScriptedServer({"CONNECT": [say("421 4.7.28 unusual rate", closes=True)]})
    assert 600 <= run(mailing, server, connections=1) < 660
    assert mailing.balance.sent == READERS
