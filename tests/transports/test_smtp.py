"""Handing messages to an SMTP server: what goes over the wire, and what is made of it."""

import asyncio
import base64
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from newsletter.errors import BadSetting
from newsletter.transports.base import Envelope, Outcome, Unavailable, Verdict
from newsletter.transports.smtp import SmtpTransport
from newsletter.transports.smtp_connection import TIMEOUTS
from newsletter.transports.smtp_replies import Phase
from tests.transports.conftest import Sink
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import HANGS_UP, OK, STALLS, ScriptedServer, say

LOCK_STEP = ("8BITMIME", "SMTPUTF8")  # all but PIPELINING
PIPELINED = ("PIPELINING", *LOCK_STEP)
BOTH_WAYS = pytest.mark.parametrize(
    "extensions", [PIPELINED, LOCK_STEP], ids=["pipelined", "lock-step"]
)
A_MOMENT = 0.05  # seconds


def transport(server: ScriptedServer, **options: object) -> SmtpTransport:
    settings: dict[str, object] = {"tls": "none", "own_name": "news.example.org"} | options
    return SmtpTransport("127.0.0.1", server.port, **settings)  # type: ignore[arg-type]


def carry(server: ScriptedServer, feed: ListFeed, times: int = 1, **options: object) -> None:
    """So many connections, one after the other, of one transport."""

    async def run() -> None:
        async with server:
            way = transport(server, **options)
            for _ in range(times):
                await way.carry(feed)

    asyncio.run(run())


def impatient(phase: Phase) -> dict[Phase, float]:
    return {**TIMEOUTS, phase: A_MOMENT}


# What goes over the wire.


@BOTH_WAYS
def test_each_message_arrives_once_and_as_it_was(extensions: Sequence[str]) -> None:
    server, feed = ScriptedServer(extensions=extensions), ListFeed(map(envelope, range(20)))
    carry(server, feed)
    assert feed.verdicts == dict.fromkeys(range(20), Verdict.SENT)
    assert server.messages == [envelope(0).content] * 20
    assert server.said("RCPT") == [f"RCPT TO:<reader{n}@example.org>" for n in range(20)]
    assert server.said("MAIL") == ["MAIL FROM:<list@example.org>"] * 20
    assert server.heard[0] == "EHLO news.example.org"
    assert server.heard[-1] == "QUIT"
    assert server.sessions == 1


def test_without_anything_to_send_it_says_goodbye() -> None:
    server = ScriptedServer()
    carry(server, ListFeed([]))
    assert server.heard == ["EHLO news.example.org", "QUIT"]


def commands_of(chunk: bytes) -> list[bytes]:
    known = (b"EHLO", b"MAIL", b"RCPT", b"DATA", b".", b"RSET", b"QUIT")
    return [line for line in chunk.split(b"\r\n") if line.startswith(known)]


def test_in_lock_step_nothing_is_said_before_the_answer_to_what_was_said_before() -> None:
    server = ScriptedServer(extensions=LOCK_STEP)
    carry(server, ListFeed(map(envelope, range(5))))
    assert max(len(commands_of(chunk)) for chunk in server.chunks) == 1


def test_pipelined_the_dot_travels_with_the_next_message_group() -> None:
    server = ScriptedServer()
    carry(server, ListFeed(map(envelope, range(3))))
    words = [
        [line.split(b" ")[0] for line in chunk.split(b"\r\n")]
        for chunk in server.chunks
        if b"MAIL" in chunk
    ]
    assert words[0] == [b"MAIL", b"RCPT", b"DATA", b""]
    for group in words[1:]:
        assert group[-5:] == [b".", b"MAIL", b"RCPT", b"DATA", b""]


class WatchedFeed(ListFeed):
    """Records each settlement only after a moment, and writes down when it has."""

    def __init__(self, count: int, log: list[str]) -> None:
        super().__init__(map(envelope, range(1, count + 1)))
        self.log = log

    def settle(self, envelope: Envelope, outcome: Outcome) -> Awaitable[object]:
        super().settle(envelope, outcome)
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def record() -> None:
            self.log.append(f"recorded {envelope.key[1]}")
            recorded.set_result(None)

        asyncio.get_running_loop().call_later(A_MOMENT, record)
        return recorded


@BOTH_WAYS
def test_each_message_is_recorded_before_the_next_one_gets_its_final_dot(
    extensions: Sequence[str],
) -> None:
    server = ScriptedServer(extensions=extensions)
    carry(server, WatchedFeed(6, server.log))
    expected = [event for n in range(1, 7) for event in (f"dot {n}", f"recorded {n}")]
    assert server.log == expected


@BOTH_WAYS
def test_a_message_that_was_refused_is_recorded_too_before_the_next_dot(
    extensions: Sequence[str],
) -> None:
    server = ScriptedServer({"RCPT": [OK, say("550 5.1.1 no")]}, extensions)
    carry(server, WatchedFeed(3, server.log))
    assert server.log == ["dot 1", "recorded 1", "recorded 2", "dot 2", "recorded 3"]


@pytest.mark.parametrize(
    "content",
    [
        b".\r\n",
        b"..\r\n",
        b".begins with a dot\r\n",
        b"a\r\n.\r\nb\r\n",
        b"a\r\n..\r\nb\r\n",
        b"a\r\n.\r\n.\r\n.\r\n",
        b"a\r\n\r\n.\r\nMAIL FROM:<evil@example.org>\r\n",
        b"no dot at all\r\n",
        b"dots. in the. middle.\r\n",
        b"x" * 998 + b"\r\n",
        (b"." * 76 + b"\r\n") * 20_000,  # more than the buffers between us hold
    ],
)
@BOTH_WAYS
def test_lines_that_begin_with_a_dot_arrive_as_they_were(
    extensions: Sequence[str], content: bytes
) -> None:
    server = ScriptedServer(extensions=extensions)
    feed = ListFeed([envelope(1, content), envelope(2)])
    carry(server, feed)
    assert server.messages == [content, envelope(2).content]
    assert server.said("MAIL") == ["MAIL FROM:<list@example.org>"] * 2


def test_a_message_without_its_last_line_end_gets_one() -> None:
    server = ScriptedServer()
    carry(server, ListFeed([envelope(1, b"hello"), envelope(2, b"")]))
    assert server.messages == [b"hello\r\n", b"\r\n"]


def international(number: int) -> Envelope:
    return Envelope(
        key=("delivery", number),
        sender="list@example.org",
        recipient="zoë@xn--bcher-kva.example",
        message_id=f"<{number}@example.org>",
        content=b"hello\r\n",
        international=True,
    )


@BOTH_WAYS
def test_an_international_address_is_announced(extensions: Sequence[str]) -> None:
    server = ScriptedServer(extensions=extensions)
    feed = ListFeed([international(1), envelope(2)])
    carry(server, feed)
    assert server.said("MAIL") == [
        "MAIL FROM:<list@example.org> BODY=8BITMIME SMTPUTF8",
        "MAIL FROM:<list@example.org>",
    ]
    assert server.said("RCPT")[0] == "RCPT TO:<zoë@xn--bcher-kva.example>"
    assert set(feed.verdicts.values()) == {Verdict.SENT}


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_without_smtputf8_an_international_address_fails_alone_and_says_why(
    extensions: Sequence[str],
) -> None:
    server = ScriptedServer(extensions=extensions)
    feed = ListFeed([international(1), envelope(2), international(3), envelope(4)])
    carry(server, feed)
    assert feed.verdicts == {
        1: Verdict.REJECTED,
        2: Verdict.SENT,
        3: Verdict.REJECTED,
        4: Verdict.SENT,
    }
    assert "SMTPUTF8" in feed.settled[1].reply
    assert len(server.said("MAIL")) == 2


# What is made of the answers.


@BOTH_WAYS
def test_a_recipient_that_is_refused_does_not_stop_the_others(extensions: Sequence[str]) -> None:
    refused = [OK, say("550 5.1.1 no such user"), OK, say("452 4.2.2 full"), OK]
    server, feed = ScriptedServer({"RCPT": refused}, extensions), ListFeed(map(envelope, range(5)))
    carry(server, feed)
    assert list(feed.verdicts.values()) == [
        Verdict.SENT,
        Verdict.DEAD,
        Verdict.SENT,
        Verdict.FULL,
        Verdict.SENT,
    ]
    assert feed.settled[1].reply == "550 5.1.1 no such user"
    assert len(server.messages) == 3
    assert server.sessions == 1


@pytest.mark.parametrize("code", [250, 251])
def test_a_recipient_that_is_forwarded_is_taken(code: int) -> None:
    server, feed = ScriptedServer({"RCPT": [say(f"{code} ok")]}), ListFeed([envelope(1)])
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.SENT}


def test_354_though_no_recipient_was_taken_sends_nothing() -> None:
    script = {
        "RCPT": [say("550 5.1.1 no such user")],
        "DATA": [say("354 go ahead all the same")],
        "DOT": [say("554 5.5.1 no valid recipients")],
    }
    server, feed = ScriptedServer(script), ListFeed(map(envelope, (1, 2)))
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.DEAD, 2: Verdict.SENT}
    assert server.messages == [b"", envelope(2).content]
    assert server.sessions == 1


def test_data_that_is_refused_for_want_of_a_recipient_says_nothing_of_the_next() -> None:
    script = {
        "RCPT": [say("450 4.2.1 later")],
        "DATA": [say("554 5.5.1 no valid recipients")],
    }
    server, feed = ScriptedServer(script), ListFeed(map(envelope, (1, 2)))
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.DEFERRED, 2: Verdict.SENT}


@pytest.mark.parametrize(
    "reply",
    [
        "451 4.3.0 try later",
        "550 5.7.1 you are not welcome",
        "450 4.7.28 too fast",
        "552 5.3.4 too big",
    ],
)
@BOTH_WAYS
def test_a_refusal_that_is_not_about_the_recipient_ends_the_connection(
    extensions: Sequence[str], reply: str
) -> None:
    server = ScriptedServer({"MAIL": [say(reply)]}, extensions)
    feed = ListFeed(map(envelope, range(100)))
    carry(server, feed)
    assert feed.taken == [0]
    assert feed.verdicts[0] in (Verdict.REQUEUED, Verdict.BLOCKED, Verdict.THROTTLED)
    assert server.messages == []
    assert server.heard[-1] == "QUIT"


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "BODY", "DOT"])
@BOTH_WAYS
def test_421_in_the_middle_puts_back_what_was_begun_and_begins_nothing(
    extensions: Sequence[str], step: str
) -> None:
    server = ScriptedServer({step: [say("421 4.3.2 going down", closes=True)]}, extensions)
    feed = ListFeed(map(envelope, range(5)))
    carry(server, feed)
    assert set(feed.verdicts.values()) == {Verdict.REQUEUED}
    assert feed.settled[0].reply == "421 4.3.2 going down"
    assert len(feed.waiting) >= 3
    assert server.sessions == 1


@BOTH_WAYS
def test_a_connection_lost_after_the_dot_leaves_the_message_unknown(
    extensions: Sequence[str],
) -> None:
    server, feed = (
        ScriptedServer({"DOT": [OK, HANGS_UP]}, extensions),
        ListFeed(map(envelope, range(4))),
    )
    carry(server, feed)
    assert feed.verdicts.pop(0) is Verdict.SENT
    assert feed.verdicts.get(1) is Verdict.UNKNOWN
    assert set(feed.verdicts.values()) - {Verdict.SENT, Verdict.UNKNOWN} <= {Verdict.REQUEUED}
    assert len(server.messages) == 2


@pytest.mark.parametrize(
    "early", ["250 2.0.0 kept already", "250 ok\r\n250 ok", "554 5.6.0 too big", "354 more"]
)
@BOTH_WAYS
def test_an_answer_to_a_dot_that_was_not_sent_yet_is_not_taken_for_one(
    extensions: Sequence[str], early: str
) -> None:
    server = ScriptedServer({"DATA": [say(f"354 go ahead\r\n{early}")]}, extensions)
    feed = ListFeed(map(envelope, range(3)))
    carry(server, feed)
    assert feed.taken == [0]
    assert feed.verdicts[0] is not Verdict.SENT
    assert server.messages == []


def test_a_server_that_surprised_us_is_spoken_to_in_lock_step_from_then_on() -> None:
    server = ScriptedServer({"RCPT": [OK, say("what?")]})
    feed = ListFeed(map(envelope, range(6)))
    carry(server, feed, times=2)
    assert feed.verdicts.pop(1) is Verdict.REQUEUED
    later = server.chunks[[b"EHLO" in chunk for chunk in server.chunks].index(True, 1) :]
    assert max(len(commands_of(chunk)) for chunk in later) == 1
    assert server.sessions == 2


@pytest.mark.parametrize("garbage", ["", "hello", "2500 ok", "650 what", "250-one\r\n251 two"])
def test_what_is_no_reply_ends_the_connection(garbage: str) -> None:
    server, feed = ScriptedServer({"RCPT": [say(garbage)]}), ListFeed(map(envelope, (1, 2)))
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.REQUEUED}


@pytest.mark.parametrize("endless", ["x" * 100_000, "250-more\r\n" * 10_000])
def test_a_reply_without_an_end_is_not_read_to_its_end(endless: str) -> None:
    server, feed = ScriptedServer({"MAIL": [say(endless)]}), ListFeed([envelope(1)])
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.REQUEUED}


FAULTS = {
    "421": say("421 4.3.2 going down", closes=True),
    "4xx": say("451 4.3.0 later"),
    "5xx": say("554 5.0.0 no"),
    "disconnect": HANGS_UP,
    "stall": STALLS,
    "garbage": say("\0\xff no SMTP"),
}
BECOMES = {
    "MAIL": ("requeued", "requeued", "blocked", "requeued", "requeued", "requeued"),
    "RCPT": ("requeued", "deferred", "rejected", "requeued", "requeued", "requeued"),
    "DATA": ("requeued", "deferred", "rejected", "requeued", "requeued", "requeued"),
    "BODY": ("requeued", "deferred", "rejected", "requeued", "requeued", "requeued"),
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
    # A fault while a body is on its way shows itself at once, but for the stall.
    patience = TIMEOUTS if step == "BODY" and fault != "stall" else impatient(Phase[step])
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
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, timeouts=impatient(phase), user="us", password="hunter2")
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
        await transport(server).carry(ListFeed([envelope(1)]))

    with pytest.raises(Unavailable, match="no connection"):
        asyncio.run(run())


def test_a_server_without_ehlo_is_greeted_the_old_way_and_in_lock_step() -> None:
    server, feed = (
        ScriptedServer({"EHLO": [say("502 5.5.1 what?")]}),
        ListFeed(map(envelope, (1, 2))),
    )
    carry(server, feed)
    assert server.heard[:2] == ["EHLO news.example.org", "HELO news.example.org"]
    assert max(len(commands_of(chunk)) for chunk in server.chunks) == 1
    assert set(feed.verdicts.values()) == {Verdict.SENT}


def test_being_stopped_settles_what_was_begun_and_closes_the_connection() -> None:
    async def run() -> None:
        async with ScriptedServer({"DOT": [OK, STALLS]}) as server:
            task = asyncio.create_task(transport(server).carry(feed))
            while len(server.messages) < 2:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    feed = ListFeed(map(envelope, range(4)))
    asyncio.run(run())
    assert feed.verdicts == {0: Verdict.SENT, 1: Verdict.UNKNOWN, 2: Verdict.REQUEUED}


class EndlessFeed(ListFeed):
    """Has nothing more, and waits for more for ever."""

    async def take(self, wait: bool = True) -> Envelope | None:
        if not self.waiting and wait:
            await asyncio.Event().wait()
        return await super().take(wait)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("refused", [False, True])
def test_being_stopped_while_waiting_for_more_settles_nothing_twice(
    count: int, refused: bool
) -> None:
    async def run() -> None:
        script = {"RCPT": [say("550 5.1.1 no")]} if refused else {}
        async with ScriptedServer(script) as server:
            task = asyncio.create_task(transport(server).carry(feed))
            while not server.heard or len(feed.settled) < count:
                await asyncio.sleep(0)
            for _ in range(10):  # until it waits for the next
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    feed = EndlessFeed(map(envelope, range(count)))
    asyncio.run(run())
    assert len(feed.settled) == count


# Encryption and authentication.


def test_starttls_is_used_before_anything_is_said(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", "AUTH PLAIN", *PIPELINED), tls=certified("127.0.0.1")
    )
    feed = ListFeed([envelope(1)])
    carry(server, feed, tls="starttls", cafile=cafile, user="us", password="hunter2")
    words = [line.split(" ")[0] for line in server.heard]
    assert words == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert feed.verdicts == {1: Verdict.SENT}


def refused_before_anything(server: ScriptedServer, **options: object) -> Unavailable:
    feed = ListFeed([envelope(1)])
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, user="us", password="hunter2", **options)
    assert feed.taken == []
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & {line.split(" ")[0] for line in server.heard}
    return unavailable.value


def test_starttls_that_is_not_offered_sends_nothing() -> None:
    error = refused_before_anything(
        ScriptedServer(extensions=("AUTH PLAIN", *PIPELINED)), tls="starttls"
    )
    assert "STARTTLS" in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED


@pytest.mark.parametrize("answer", [say("454 4.7.0 not now"), say("501 no"), HANGS_UP, say("what")])
def test_starttls_that_fails_sends_nothing(answer: object) -> None:
    refused_before_anything(
        ScriptedServer({"STARTTLS": [answer]}, ("STARTTLS", *PIPELINED)),  # type: ignore[list-item]
        tls="starttls",
    )


def test_starttls_that_is_followed_by_no_tls_sends_nothing() -> None:
    """220, and then the server goes on in the clear."""
    server = ScriptedServer(extensions=("STARTTLS", *PIPELINED), tls=None)
    refused_before_anything(server, tls="starttls", timeouts=impatient(Phase.CONNECT))


def test_text_injected_after_the_220_is_discarded(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    injected = "220 go ahead\r\n250-mx.example.org\r\n250 SMTPUTF8\r\n250 ok\r\n250 ok\r\n354 go"
    server = ScriptedServer(
        {"STARTTLS": [say(injected)]}, ("STARTTLS",), tls=certified("127.0.0.1")
    )
    feed = ListFeed([envelope(1), international(2)])
    carry(server, feed, tls="starttls", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.REJECTED}
    assert server.messages == [envelope(1).content]


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_of_an_unknown_authority_is_refused(
    certified: Callable[[str], ssl.SSLContext], tls: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", *PIPELINED),
        tls=certified("127.0.0.1"),
        implicit_tls=tls == "implicit",
    )
    assert "certificate verify failed" in str(refused_before_anything(server, tls=tls))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_for_another_name_is_refused(
    certified: Callable[[str], ssl.SSLContext], cafile: str, tls: str
) -> None:
    server = ScriptedServer(
        extensions=("STARTTLS", *PIPELINED),
        tls=certified("mx.example.org"),
        implicit_tls=tls == "implicit",
    )
    assert "127.0.0.1" in str(refused_before_anything(server, tls=tls, cafile=cafile))


def test_tls_from_the_first_byte_is_accepted_with_the_authority_that_was_named(
    certified: Callable[[str], ssl.SSLContext], cafile: str
) -> None:
    server, feed = (
        ScriptedServer(tls=certified("127.0.0.1"), implicit_tls=True),
        ListFeed([envelope(1)]),
    )
    carry(server, feed, tls="implicit", cafile=cafile)
    assert feed.verdicts == {1: Verdict.SENT}


def test_a_cafile_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    error = refused_before_anything(
        ScriptedServer(), tls="implicit", cafile=str(tmp_path / "nothing.pem")
    )
    assert "cafile" in str(error)


@pytest.mark.parametrize(
    ("offered", "heard"),
    [
        ("AUTH PLAIN LOGIN", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
        ("AUTH LOGIN", ["AUTH LOGIN", "dXM=", "aHVudGVyMg=="]),
        ("AUTH login plain", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
    ],
)
def test_it_says_who_we_are_in_a_way_that_is_offered(offered: str, heard: list[str]) -> None:
    server, feed = ScriptedServer(extensions=(*PIPELINED, offered)), ListFeed([envelope(1)])
    carry(server, feed, user="us", password="hunter2")
    assert server.heard[1 : 1 + len(heard)] == heard
    assert base64.b64decode("AHVzAGh1bnRlcjI=") == b"\0us\0hunter2"
    assert feed.verdicts == {1: Verdict.SENT}


# The address of the server.


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://relay.example", "relay.example", 25, "starttls"),
        ("smtp://us:pw@relay.example", "relay.example", 587, "starttls"),
        ("smtp://relay.example:2525", "relay.example", 2525, "starttls"),
        ("smtp://localhost", "localhost", 25, "none"),
        ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "none"),
        ("smtp://[::1]:1025", "::1", 1025, "none"),
        ("smtp://localhost?tls=starttls", "localhost", 25, "starttls"),
        ("smtp://relay.example?tls=none", "relay.example", 25, "none"),
        ("smtps://relay.example", "relay.example", 465, "implicit"),
        ("smtps://localhost", "localhost", 465, "implicit"),
        ("smtps://us:pw@relay.example", "relay.example", 465, "implicit"),
    ],
)
def test_encryption_is_required_except_on_this_machine(
    url: str, host: str, port: int, tls: str
) -> None:
    way = SmtpTransport.from_url(url, "news.example.org")
    assert (way.host, way.port, way.tls) == (host, port, tls)


def test_user_and_password_are_unquoted_and_never_shown() -> None:
    way = SmtpTransport.from_url("smtp://us%40example:p%2Fw%3A%20x@relay.example", "us")
    assert (way.user, way.password) == ("us@example", "p/w: x")
    assert "p/w" not in repr(way)
    assert way.describe() == "relay.example:587"


@pytest.mark.parametrize(
    "url",
    [
        "smtp://",
        "smtp://relay.example:port",
        "smtp://relay.example:99999",
        "smtp://relay.example?tls=maybe",
        "smtp://relay.example?tsl=none",
        "smtps://relay.example?tls=none",
    ],
)
def test_it_refuses_an_address_that_it_would_not_keep_to(url: str) -> None:
    with pytest.raises(BadSetting, match="NEWSLETTER_MAIL_URL"):
        SmtpTransport.from_url(url, "news.example.org")


# Postfix's own server for tests.


def hand_to(sink: Sink, count: int, timeouts: dict[Phase, float] | None = None) -> ListFeed:
    feed = ListFeed(map(envelope, range(count)))
    way = SmtpTransport("127.0.0.1", sink.port, "news.example.org", "none")
    asyncio.run(way.carry(feed))
    return feed


@pytest.mark.postfix
@pytest.mark.parametrize("options", [[], ["-p"]], ids=["pipelined", "lock-step"])
def test_postfix_takes_each_message(smtp_sink: Callable[..., Sink], options: list[str]) -> None:
    sink = smtp_sink(*options)
    feed = hand_to(sink, 200)
    assert feed.verdicts == dict.fromkeys(range(200), Verdict.SENT)
    assert sink.messages() == 200


@pytest.mark.postfix
@pytest.mark.parametrize(
    ("options", "verdict"),
    [
        (["-r", "rcpt"], Verdict.DEFERRED),
        (["-f", "rcpt"], Verdict.REJECTED),
        (["-r", "data"], Verdict.DEFERRED),
        (["-f", "."], Verdict.REJECTED),
    ],
)
def test_postfix_refuses_each_message(
    smtp_sink: Callable[..., Sink], options: list[str], verdict: Verdict
) -> None:
    assert hand_to(smtp_sink(*options), 5).verdicts == dict.fromkeys(range(5), verdict)


@pytest.mark.postfix
@pytest.mark.parametrize(
    ("step", "verdict"),
    [("mail", Verdict.REQUEUED), ("data", Verdict.REQUEUED), (".", Verdict.UNKNOWN)],
)
def test_postfix_hangs_up(smtp_sink: Callable[..., Sink], step: str, verdict: Verdict) -> None:
    feed = hand_to(smtp_sink("-q", step), 5)
    assert feed.verdicts[0] is verdict
    assert set(list(feed.verdicts.values())[1:]) <= {Verdict.REQUEUED}
