"""What holds for each provider that is asked over HTTPS, whatever its dialect."""

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http.server import ThreadingHTTPServer

import pytest

from newsletter.transports import class_of
from newsletter.transports.base import KEPT_BACK, Envelope, Outcome, Unavailable, Verdict
from newsletter.transports.batches import carry_batches
from newsletter.transports.http import Answer, HttpTransport
from newsletter.transports.providers import PROVIDERS
from tests.transports.composed import issue
from tests.transports.feeds import ListFeed, envelope
from tests.transports.http_server import (
    HANG_UP,
    KEY,
    SILENCE,
    Provider,
    Reply,
    Request,
    carried,
    opened,
)


def _postmark_takes(request: Request) -> Reply:
    return Reply(200, [{"ErrorCode": 0, "Message": "OK", "MessageID": "1"}] * len(request.json()))


ACCEPTED: dict[str, Reply | Callable[[Request], Reply]] = {
    "postmark://KEY@": _postmark_takes,
    "mailgun://KEY@mg.example.org": Reply(200, {"id": "<1@mg>", "message": "Queued. Thank you."}),
    "sendgrid://KEY@": Reply(202),
    "resend://KEY@": Reply(200, {"id": "49a3999c"}),
}


@pytest.fixture(params=list(ACCEPTED), ids=lambda form: form.partition(":")[0])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_provider_that_is_asked_over_https_is_tried_here() -> None:
    """Add the answer of a new one to ACCEPTED."""
    assert {form.partition(":")[0] for form in ACCEPTED} == {
        scheme
        for provider in PROVIDERS
        for scheme in provider.schemes
        if issubclass(class_of(provider), HttpTransport)
    }


def test_each_message_is_handed_over_once_and_settled(form: str) -> None:
    with Provider(ACCEPTED[form]) as provider:
        feed = carried(opened(form, provider), issue(1), issue(2), issue(3))
    assert feed.verdicts == dict.fromkeys((1, 2, 3), Verdict.SENT)
    sent = b"".join(request.body for request in provider.requests).replace(b"=\r\n", b"")
    for number in (1, 2, 3):
        assert sent.count(f"reader{number}@example.org".encode()) >= 1


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(429, "slow down", {"Retry-After": "30"}), Verdict.THROTTLED),
        (Reply(500, "oh no"), Verdict.REQUEUED),
        (Reply(503, "<html>"), Verdict.REQUEUED),
        (Reply(504, "gateway"), Verdict.UNKNOWN),
        (Reply(401, "who are you"), Verdict.BLOCKED),
        (Reply(403, "you may not"), Verdict.BLOCKED),
        (Reply(404, "not here"), Verdict.BLOCKED),
        (SILENCE, Verdict.UNKNOWN),
        (HANG_UP, Verdict.UNKNOWN),
    ],
    ids=lambda value: getattr(value, "status", None) or getattr(value, "value", None),
)
def test_what_is_not_about_the_recipient_ends_the_connection(
    form: str, reply: Reply, verdict: Verdict
) -> None:
    with Provider(reply) as provider:
        transport = opened(form, provider, read_seconds=0.2 if reply is SILENCE else 5.0)
        transport.batch_size = min(transport.batch_size, 2)
        feed = carried(transport, *map(issue, range(transport.batch_size + 1)))
    assert set(feed.verdicts.values()) == {verdict}
    assert sorted(feed.settled) == sorted(feed.taken) == list(range(transport.batch_size))
    assert len(provider.requests) == 1


def test_a_reply_says_when_to_come_again(form: str) -> None:
    with Provider(Reply(429, {"message": "too\nfast"}, {"Retry-After": "30"})) as provider:
        feed = carried(opened(form, provider), issue(1))
    assert "again after 30" in feed.settled[1].reply
    assert "\n" not in feed.settled[1].reply


@pytest.mark.parametrize(
    ("status", "header", "asked"),
    [
        (429, {"Retry-After": "30"}, timedelta(seconds=30)),
        (503, {"Retry-After": "7"}, timedelta(seconds=7)),
        (429, {"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}, timedelta(0)),
        (429, {}, None),
        (500, {"Retry-After": "30"}, None),
    ],
)
def test_an_outcome_carries_how_long_it_asks_to_wait(
    form: str, status: int, header: dict[str, str], asked: timedelta | None
) -> None:
    with Provider(Reply(status, {"message": "not now"}, header)) as provider:
        transport = opened(form, provider)
        transport.batch_size = min(transport.batch_size, 2)
        feed = carried(transport, issue(1), issue(2))
    assert {outcome.retry_after for outcome in feed.settled.values()} == {asked}


def test_nothing_is_taken_where_nobody_listens(form: str) -> None:
    with Provider(ACCEPTED[form]) as provider:
        transport = opened(form, provider)
    feed = ListFeed([issue(1)])
    with pytest.raises(Unavailable, match="cannot be reached: Connect call failed") as caught:
        asyncio.run(transport.serve_connection(feed))
    assert caught.value.outcome.verdict is Verdict.REQUEUED
    assert not feed.taken


def test_what_could_not_be_written_is_put_back(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def reached(url: str, who: str) -> None:
        """A provider that goes away just after it was there."""

    monkeypatch.setattr("newsletter.transports.http.reach", reached)
    with Provider(ACCEPTED[form]) as provider:
        transport = opened(form, provider)
    feed = carried(transport, issue(1))
    assert feed.verdicts == {1: Verdict.REQUEUED}


def test_a_redirect_is_not_followed(form: str) -> None:
    with Provider(ACCEPTED[form]) as elsewhere:
        away = Reply(307, "", {"Location": f"{elsewhere.url}/"})
        with Provider(away) as provider:
            feed = carried(opened(form, provider), issue(1))
    assert feed.verdicts == {1: Verdict.BLOCKED}
    assert not elsewhere.requests


def test_proxies_of_the_environment_are_not_used(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Provider(ACCEPTED[form]) as proxy, Provider(ACCEPTED[form]) as provider:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("no_proxy", "")
        feed = carried(opened(form, provider), issue(1))
    assert feed.verdicts == {1: Verdict.SENT}
    assert not proxy.requests


def test_the_key_is_in_the_request_and_nowhere_else(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Provider(Reply(500, f"your key {KEY} is a fine one")) as provider:
        transport = opened(form, provider)
        feed = carried(transport, issue(1))
    assert KEY not in feed.settled[1].reply
    assert "your key [key]" in feed.settled[1].reply
    assert KEY not in caplog.text + repr(transport) + repr(vars(transport)) + transport.describe()


def test_a_certificate_that_nobody_vouches_for_is_refused(
    form: str, certified: Callable[[str], ssl.SSLContext]
) -> None:
    provider = Provider(ACCEPTED[form])
    server: ThreadingHTTPServer = provider._server
    server.socket = certified("127.0.0.1").wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    with provider:
        transport = opened(form, provider)
        transport.api = provider.url.replace("http:", "https:")
        feed = carried(transport, issue(1))
    assert feed.verdicts == {1: Verdict.REQUEUED}
    assert "SSLError" in feed.settled[1].reply
    assert not provider.requests


def test_an_address_that_no_provider_takes_is_refused_alone(form: str) -> None:
    with Provider(ACCEPTED[form]) as provider:
        feed = carried(opened(form, provider), replace(issue(1), international=True), issue(2))
    assert feed.verdicts == {1: Verdict.REJECTED, 2: Verdict.SENT}
    assert len(provider.requests) == 1


def test_being_stopped_waits_for_the_answer_and_records_it(form: str) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slowly(request: Request) -> Reply:
        asked.set()
        assert go_on.wait(10)
        accepted = ACCEPTED[form]
        return accepted(request) if callable(accepted) else accepted

    async def stop_in_mid_request(transport: HttpTransport, feed: ListFeed) -> None:
        carrying = asyncio.create_task(transport.serve_connection(feed))
        await asyncio.to_thread(asked.wait, 10)
        carrying.cancel()
        asyncio.get_running_loop().call_soon(go_on.set)
        await asyncio.wait([carrying])
        assert carrying.cancelled()

    with Provider(slowly) as provider:
        feed = ListFeed([issue(1)])
        asyncio.run(stop_in_mid_request(opened(form, provider), feed))
    assert feed.verdicts == {1: Verdict.SENT}


def test_what_is_not_ours_any_more_is_not_handed_over(form: str) -> None:
    feed = ListFeed([issue(1), issue(2), issue(3)])
    feed.kept_back = {2}
    with Provider(ACCEPTED[form]) as provider:
        asyncio.run(opened(form, provider).serve_connection(feed))
    sent = b"".join(request.body for request in provider.requests).replace(b"=\r\n", b"")
    assert b"reader2@example.org" not in sent
    assert feed.settled.pop(2) == KEPT_BACK
    assert feed.verdicts == dict.fromkeys((1, 3), Verdict.SENT)


def test_a_transport_that_breaks_settles_what_it_took() -> None:
    def break_down(batch: object) -> list[Outcome]:
        raise RuntimeError("a mistake of ours")

    feed = ListFeed([envelope(1), envelope(2)])
    with pytest.raises(RuntimeError):
        asyncio.run(carry_batches(feed, 10, break_down))
    assert feed.verdicts == dict.fromkeys((1, 2), Verdict.UNKNOWN)


def test_a_batch_that_is_being_gathered_is_put_back_when_stopped() -> None:
    class Stopped(ListFeed):
        async def take(self, wait: bool = True) -> Envelope | None:
            if not wait:
                raise asyncio.CancelledError
            return await super().take(wait)

    async def carry(feed: ListFeed) -> None:
        with pytest.raises(asyncio.CancelledError):
            await carry_batches(feed, 10, lambda batch: [])

    feed = Stopped([envelope(1), envelope(2)])
    asyncio.run(carry(feed))
    assert feed.verdicts == {1: Verdict.REQUEUED}


def test_a_batch_ends_before_it_is_too_large() -> None:
    sizes = []

    def hand_over(batch: object) -> list[Outcome]:
        assert isinstance(batch, list)
        sizes.append(len(batch))
        return [Outcome(Verdict.SENT)] * len(batch)

    large = b"x" * (9 * 2**20)
    asyncio.run(carry_batches(ListFeed(envelope(n, large) for n in range(5)), 500, hand_over))
    assert sizes == [3, 2]


@pytest.mark.parametrize("text", ["", "[]", "nonsense", '"a"', '{"message": ["a"]}'])
def test_an_answer_of_any_shape_can_be_asked_for_a_member(text: str) -> None:
    assert Answer(400, text).member("name") == ""
