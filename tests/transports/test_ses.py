"""Amazon SES through the real boto3, which asks a server on loopback."""

import asyncio
import base64
import logging
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from boto3.session import Session

from newsletter.errors import MissingExtra
from newsletter.transports import open_transport
from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.ses import SesTransport
from tests.transports.composed import issue
from tests.transports.feeds import ListFeed
from tests.transports.http_server import HANG_UP, SILENCE, Provider, Reply

SECRET = "hunter2hunter2"
TAKEN = Reply(200, {"MessageId": "0100018f"})


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ours, and none of the machine's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def refusal(status: int, code: str, message: str = "") -> Reply:
    return Reply(status, {"message": message}, {"x-amzn-ErrorType": code})


def opened(provider: Provider, read_seconds: float = 5.0) -> SesTransport:
    return SesTransport(Session(), "eu-west-1", provider.url, (5.0, read_seconds))


def carried(transport: SesTransport, *numbers: int) -> ListFeed:
    feed = ListFeed(map(issue, numbers))
    asyncio.run(transport.serve_connection(feed))
    return feed


def test_the_raw_message_is_sent() -> None:
    with Provider(TAKEN) as provider:
        transport = open_transport(f"ses://eu-west-1?endpoint={provider.url}", "news.example.org")
        assert isinstance(transport, SesTransport)
        feed = carried(transport, 1, 2)
    first, second = provider.requests
    assert first.path == second.path == "/v2/email/outbound-emails"
    assert "Credential=AKIDEXAMPLE/" in first.headers["Authorization"]
    assert "/eu-west-1/ses/aws4_request" in first.headers["Authorization"]
    sent = first.json()
    assert base64.b64decode(sent["Content"]["Raw"]["Data"]) == issue(1).content
    assert sent["Destination"] == {"ToAddresses": ["reader1@example.org"]}
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.SENT}
    assert feed.settled[1].reply == "200 0100018f"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (refusal(400, "BadRequestException", "Illegal address"), Verdict.NO_SUCH_ADDRESS),
        (refusal(400, "BadRequestException", "Missing final '@domain'"), Verdict.NO_SUCH_ADDRESS),
        (
            refusal(
                400, "BadRequestException", "Domain contains illegal character in string 'x y'"
            ),
            Verdict.NO_SUCH_ADDRESS,
        ),
        (refusal(400, "BadRequestException", "Too many headers"), Verdict.REJECTED),
        (refusal(400, "MessageRejected", "Message contains a virus"), Verdict.REJECTED),
        (
            refusal(400, "MessageRejected", "Email address is not verified. The following ..."),
            Verdict.BLOCKED,
        ),
        (refusal(400, "MailFromDomainNotVerifiedException"), Verdict.BLOCKED),
        (refusal(400, "AccountSuspendedException"), Verdict.BLOCKED),
        (refusal(400, "SendingPausedException"), Verdict.BLOCKED),
        (refusal(400, "LimitExceededException"), Verdict.BLOCKED),
        (refusal(403, "SignatureDoesNotMatch"), Verdict.BLOCKED),
        (
            refusal(403, "UnrecognizedClientException", "The security token is invalid"),
            Verdict.BLOCKED,
        ),
        (refusal(403, "SomethingNewException"), Verdict.BLOCKED),
        (refusal(404, "NotFoundException"), Verdict.BLOCKED),
        (refusal(429, "TooManyRequestsException"), Verdict.THROTTLED),
        (refusal(400, "ThrottlingException", "Maximum sending rate exceeded"), Verdict.THROTTLED),
        (refusal(500, "InternalServiceErrorException"), Verdict.REQUEUED),
        (Reply(503, "<html>"), Verdict.REQUEUED),
        (SILENCE, Verdict.UNKNOWN),
        (HANG_UP, Verdict.UNKNOWN),
    ],
)
def test_each_documented_answer_and_no_second_request(reply: Reply, verdict: Verdict) -> None:
    with Provider(reply) as provider:
        transport = opened(provider, read_seconds=0.2 if reply is SILENCE else 5.0)
        assert carried(transport, 1).verdicts == {1: verdict}
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("status", "headers", "asked"),
    [
        (429, {"Retry-After": "30"}, timedelta(seconds=30)),
        (503, {"Retry-After": "7"}, timedelta(seconds=7)),
        (429, {}, None),
    ],
)
def test_an_outcome_carries_how_long_it_asks_to_wait(
    status: int, headers: dict[str, str], asked: timedelta | None
) -> None:
    with Provider(Reply(status, {"message": "not now"}, headers)) as provider:
        feed = carried(opened(provider), 1)
    assert feed.settled[1].retry_after == asked


def test_a_dead_address_does_not_stop_the_next() -> None:
    dead = refusal(400, "BadRequestException", "Illegal address")
    with Provider(TAKEN, dead, TAKEN) as provider:
        feed = carried(opened(provider), 1, 2, 3)
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.NO_SUCH_ADDRESS, 3: Verdict.SENT}


def test_nothing_is_taken_where_nobody_listens() -> None:
    with Provider(TAKEN) as provider:
        transport = opened(provider)
    feed = ListFeed([issue(1)])
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        asyncio.run(transport.serve_connection(feed))
    assert caught.value.outcome.verdict is Verdict.REQUEUED
    assert not feed.taken


def test_what_could_not_be_written_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def reached(url: str, who: str) -> None:
        """A provider that goes away just after it was there."""

    monkeypatch.setattr("newsletter.transports.ses.reach", reached)
    with Provider(TAKEN) as provider:
        transport = opened(provider)
    assert carried(transport, 1).verdicts == {1: Verdict.REQUEUED}


def test_without_credentials_nothing_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with Provider(TAKEN) as provider:
        feed = ListFeed([issue(1)])
        with pytest.raises(Unavailable, match="AWS_ACCESS_KEY_ID") as caught:
            asyncio.run(opened(provider).serve_connection(feed))
    assert caught.value.outcome.verdict is Verdict.BLOCKED
    assert not feed.taken
    assert not provider.requests


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with Provider(TAKEN) as proxy, Provider(TAKEN) as provider:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        assert carried(opened(provider), 1).verdicts == {1: Verdict.SENT}
    assert not proxy.requests


def test_the_secret_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    with Provider(refusal(403, "SignatureDoesNotMatch", "no")) as provider:
        transport = opened(provider)
        with caplog.at_level(logging.INFO):
            feed = carried(transport, 1)
    assert SECRET not in caplog.text + repr(transport) + repr(vars(transport))
    assert SECRET not in feed.settled[1].reply


def test_ses_without_boto3_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3.session", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dataset-daily\[ses\]'\.$"):
        open_transport("ses://us-east-1", "news.example.org")
