"""Each command met with each fault: every message is judged by how far it had come."""

from collections.abc import Sequence

import pytest

from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.smtp.connection import TIMEOUTS
from newsletter.transports.smtp.replies import Phase
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import FAULTS, OK, ScriptedServer, say
from tests.transports.talking import (
    BOTH_WAYS,
    PIPELINED,
    carry,
    commands_of,
    impatient,
    talk,
    transport,
)

pytestmark = pytest.mark.usefixtures("each_loop")

BECOMES = {
    "MAIL": ("requeued", "requeued", "blocked", "requeued", "requeued", "requeued"),
    "RCPT": ("requeued", "deferred", "rejected", "deferred", "deferred", "deferred"),
    "DATA": ("requeued", "deferred", "rejected", "deferred", "deferred", "deferred"),
    "BODY": ("requeued", "deferred", "rejected", "deferred", "deferred", "deferred"),
    "DOT": ("requeued", "deferred", "rejected", "unknown", "unknown", "unknown"),
}
MATRIX = [
    (step, fault, Verdict(becomes))
    for step, row in BECOMES.items()
    for fault, becomes in zip(FAULTS, row, strict=True)
]
MORE_THAN_IS_BUFFERED = (b"x" * 70 + b"\r\n") * 100_000


@pytest.mark.parametrize(("step", "fault", "becomes"), MATRIX)
@BOTH_WAYS
def test_each_fault_at_each_step_of_the_second_message_is_judged_by_how_far_it_had_come(
    extensions: Sequence[str], step: str, fault: str, becomes: Verdict
) -> None:
    before = [] if step == "BODY" else [OK]  # an answer to a body is always a fault
    server = ScriptedServer({step: [*before, FAULTS[fault]]}, extensions)
    feed = ListFeed(map(envelope, range(4)))
    if step == "BODY":
        feed.waiting[0] = envelope(0, MORE_THAN_IS_BUFFERED)
    patience = impatient(Phase[step]) if fault == "stall" else TIMEOUTS
    carry(server, feed, times=2, timeouts=patience)
    struck = len(before)
    assert feed.verdicts[struck] is becomes
    others = {number: v for number, v in feed.verdicts.items() if number != struck}
    assert sorted(feed.verdicts) == [0, 1, 2, 3]
    assert set(others.values()) <= {Verdict.SENT, Verdict.REQUEUED}
    certain = sum(verdict is Verdict.SENT for verdict in feed.verdicts.values())
    refused = step == "DOT" and fault in ("421", "4xx", "5xx")
    assert len(server.messages) == certain + (becomes is Verdict.UNKNOWN) + refused


@pytest.mark.parametrize("fault", ["421", "4xx", "disconnect", "stall", "garbage"])
@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "AUTH"])
def test_a_fault_before_the_first_message_takes_nothing(step: str, fault: str) -> None:
    server = ScriptedServer({step: [FAULTS[fault]]}, (*PIPELINED, "AUTH PLAIN"))
    feed = ListFeed([envelope(1)])
    phase = Phase.EHLO if step == "CONNECT" else Phase[step]
    patience = impatient(phase) if fault == "stall" else TIMEOUTS
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, timeouts=patience, user="us", password="hunter2")
    assert unavailable.value.outcome.verdict is Verdict.REQUEUED
    assert "hunter2" not in str(unavailable.value)
    assert feed.taken == []
    assert server.said("MAIL") == []


@pytest.mark.parametrize("step", ["CONNECT", "AUTH"])
def test_a_refusal_for_good_before_the_first_message_is_our_fault(step: str) -> None:
    server = ScriptedServer({step: [say("554 5.7.1 go away")]}, (*PIPELINED, "AUTH PLAIN"))
    with pytest.raises(Unavailable) as unavailable:
        carry(server, ListFeed([envelope(1)]), user="us", password="hunter2")
    assert unavailable.value.outcome.verdict is Verdict.BLOCKED


def test_nobody_listening_is_unavailable() -> None:
    async def run() -> None:
        async with ScriptedServer() as server:
            pass
        await transport(server).serve_connection(ListFeed([envelope(1)]))

    with pytest.raises(Unavailable, match="no connection"):
        talk(run())


def test_a_server_without_ehlo_is_greeted_the_old_way_and_in_lock_step() -> None:
    server, feed = (
        ScriptedServer({"EHLO": [say("502 5.5.1 what?")]}),
        ListFeed(map(envelope, (1, 2))),
    )
    carry(server, feed)
    assert server.heard[:2] == ["EHLO news.example.org", "HELO news.example.org"]
    assert max(len(commands_of(chunk)) for chunk in server.chunks) == 1
    assert set(feed.verdicts.values()) == {Verdict.SENT}
