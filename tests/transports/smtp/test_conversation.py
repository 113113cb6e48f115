"""What goes over the wire, and what is made of the answers, pipelined and in lock-step."""

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from newsletter.transports.base import KEPT_BACK, Envelope, Outcome, Verdict
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import HANGS_UP, OK, STALLS, ScriptedServer, say
from tests.transports.talking import (
    A_MOMENT,
    BOTH_WAYS,
    LOCK_STEP,
    carry,
    commands_of,
    international,
    talk,
    transport,
)

pytestmark = pytest.mark.usefixtures("each_loop")

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
        Verdict.NO_SUCH_ADDRESS,
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
    assert feed.verdicts == {1: Verdict.NO_SUCH_ADDRESS, 2: Verdict.SENT}
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
    assert feed.verdicts.pop(1) is Verdict.DEFERRED
    later = server.chunks[[b"EHLO" in chunk for chunk in server.chunks].index(True, 1) :]
    assert max(len(commands_of(chunk)) for chunk in later) == 1
    assert server.sessions == 2


@pytest.mark.parametrize("garbage", ["", "hello", "2500 ok", "650 what", "250-one\r\n251 two"])
def test_what_is_no_reply_ends_the_connection(garbage: str) -> None:
    server, feed = ScriptedServer({"RCPT": [say(garbage)]}), ListFeed(map(envelope, (1, 2)))
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.DEFERRED}


@pytest.mark.parametrize("endless", ["x" * 100_000, "250-more\r\n" * 10_000])
def test_a_reply_without_an_end_is_not_read_to_its_end(endless: str) -> None:
    server, feed = ScriptedServer({"MAIL": [say(endless)]}), ListFeed([envelope(1)])
    carry(server, feed)
    assert feed.verdicts == {1: Verdict.REQUEUED}


def test_being_stopped_settles_what_was_begun_and_closes_the_connection() -> None:
    async def run() -> None:
        async with ScriptedServer({"DOT": [OK, STALLS]}) as server:
            task = asyncio.create_task(transport(server).serve_connection(feed))
            while len(server.messages) < 2:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    feed = ListFeed(map(envelope, range(4)))
    talk(run())
    assert feed.verdicts == {0: Verdict.SENT, 1: Verdict.UNKNOWN, 2: Verdict.REQUEUED}


@pytest.mark.parametrize("extensions", [("PIPELINING",), ()])
def test_what_is_not_ours_any_more_gets_no_last_dot(extensions: tuple[str, ...]) -> None:
    server = ScriptedServer(extensions=extensions)
    feed = ListFeed(map(envelope, range(4)))
    feed.kept_back = {1}
    carry(server, feed)
    assert feed.settled[1] == KEPT_BACK
    assert feed.verdicts[0] is Verdict.SENT
    assert len(server.messages) == [*feed.verdicts.values()].count(Verdict.SENT)


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
            task = asyncio.create_task(transport(server).serve_connection(feed))
            while not server.heard or len(feed.settled) < count:
                await asyncio.sleep(0)
            for _ in range(10):  # until it waits for the next
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    feed = EndlessFeed(map(envelope, range(count)))
    talk(run())
    assert len(feed.settled) == count
