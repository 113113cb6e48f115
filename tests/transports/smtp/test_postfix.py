"""Postfix's own server for tests takes, refuses and hangs up as servers do."""

import asyncio
from collections.abc import Callable

import pytest

from newsletter.transports.base import Verdict
from newsletter.transports.smtp.transport import SmtpTransport
from tests.transports.conftest import Sink
from tests.transports.feeds import ListFeed, envelope

pytestmark = pytest.mark.postfix


def hand_to(sink: Sink, count: int) -> ListFeed:
    feed = ListFeed(map(envelope, range(count)))
    way = SmtpTransport("127.0.0.1", sink.port, "news.example.org", "none")
    asyncio.run(way.serve_connection(feed))
    return feed


@pytest.mark.parametrize("options", [[], ["-p"]], ids=["pipelined", "lock-step"])
def test_postfix_takes_each_message(smtp_sink: Callable[..., Sink], options: list[str]) -> None:
    sink = smtp_sink(*options)
    feed = hand_to(sink, 200)
    assert feed.verdicts == dict.fromkeys(range(200), Verdict.SENT)
    assert sink.messages() == 200


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


@pytest.mark.parametrize(
    ("step", "verdict"),
    [("mail", Verdict.REQUEUED), ("data", Verdict.DEFERRED), (".", Verdict.UNKNOWN)],
)
def test_postfix_hangs_up(smtp_sink: Callable[..., Sink], step: str, verdict: Verdict) -> None:
    feed = hand_to(smtp_sink("-q", step), 5)
    assert feed.verdicts[0] is verdict
    assert set(list(feed.verdicts.values())[1:]) <= {Verdict.REQUEUED}
