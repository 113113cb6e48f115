"""Resend, and its promise that one idempotency key is one message."""

import base64

import pytest

from newsletter.transports.base import Verdict
from tests.transports.composed import PNG, SENDER, TOKEN, issue
from tests.transports.feeds import envelope
from tests.transports.http_server import HANG_UP, KEY, Provider, Reply, Request, carried, opened

FORM = "resend://KEY@"
ACCEPTED = Reply(200, {"id": "49a3999c"})


def refusal(status: int, name: str, message: str = "") -> Reply:
    return Reply(status, {"statusCode": status, "name": name, "message": message})


def test_a_message_arrives_with_our_headers_and_its_image() -> None:
    with Provider(ACCEPTED) as provider:
        carried(opened(FORM, provider), issue(1))
    [request] = provider.requests
    assert request.path == "/emails"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    message = request.json()
    [attachment] = message.pop("attachments")
    assert base64.b64decode(attachment.pop("content")) == PNG
    assert attachment == {
        "filename": "chart.png",
        "content_type": "image/png",
        "content_id": "chart@issue",
    }
    assert TOKEN in message.pop("text")
    assert TOKEN in message.pop("html")
    assert message == {
        "from": f"Dätaset, Daily <{SENDER}>",
        "to": ["reader1@example.org"],
        "subject": "Pinguïns",
        "headers": {
            "List-Id": "Dataset Daily <datasets.news.example.org>",
            "List-Unsubscribe": f"<https://news.example.org/unsubscribe/{TOKEN}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": "2026-11-23:monday:datasets:newsexampleorg",
            "Precedence": "bulk",
        },
    }


def test_a_message_without_a_name_or_html_has_neither() -> None:
    with Provider(ACCEPTED) as provider:
        carried(opened(FORM, provider), envelope(1))
    assert provider.requests[0].json() == {
        "from": "list@example.org",
        "to": ["reader1@example.org"],
        "subject": "hello",
        "text": "hello\n",
        "headers": {},
    }


def test_what_may_have_been_taken_is_not_sent_twice() -> None:
    """The first answer is lost; the second try is known by its key."""
    sent: dict[str, bytes] = {}

    def take_then_hang_up(request: Request) -> Reply:
        sent[request.headers["Idempotency-Key"]] = request.body
        return HANG_UP

    def know_again(request: Request) -> Reply:
        assert sent[request.headers["Idempotency-Key"]] == request.body
        return ACCEPTED

    with Provider(take_then_hang_up, know_again) as provider:
        transport = opened(FORM, provider)
        assert carried(transport, issue(1)).verdicts == {1: Verdict.UNKNOWN}
        assert carried(transport, issue(1)).verdicts == {1: Verdict.SENT}
    [key] = sent
    assert len(key) <= 256


def test_two_messages_have_two_keys() -> None:
    with Provider(ACCEPTED) as provider:
        carried(opened(FORM, provider), issue(1), issue(2))
    assert len({request.headers["Idempotency-Key"] for request in provider.requests}) == 2


INVALID_TO = (
    "Invalid `to` field. The email address needs to follow the `email@example.com` or "
    "`Name <email@example.com>` format."
)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (refusal(422, "validation_error", INVALID_TO), Verdict.NO_SUCH_ADDRESS),
        (refusal(400, "validation_error", "Invalid `from` field."), Verdict.BLOCKED),
        (
            refusal(422, "validation_error", "Invalid `to` field. Please use our testing address"),
            Verdict.REJECTED,
        ),
        (refusal(403, "validation_error", "The domain is not verified."), Verdict.BLOCKED),
        (refusal(401, "missing_api_key"), Verdict.BLOCKED),
        (refusal(401, "restricted_api_key"), Verdict.BLOCKED),
        (refusal(403, "invalid_api_key"), Verdict.BLOCKED),
        (refusal(422, "invalid_from_address"), Verdict.BLOCKED),
        (refusal(400, "invalid_idempotency_key"), Verdict.BLOCKED),
        (refusal(409, "invalid_idempotent_request"), Verdict.UNKNOWN),
        (refusal(409, "concurrent_idempotent_requests"), Verdict.UNKNOWN),
        (refusal(422, "invalid_attachment"), Verdict.REJECTED),
        (refusal(422, "missing_required_field"), Verdict.REJECTED),
        (refusal(429, "daily_quota_exceeded"), Verdict.BLOCKED),
        (refusal(429, "rate_limit_exceeded"), Verdict.THROTTLED),
        (refusal(451, "security_error"), Verdict.REJECTED),
        (refusal(500, "internal_server_error"), Verdict.REQUEUED),
        (Reply(200, {}), Verdict.UNKNOWN),
    ],
)
def test_each_documented_answer(reply: Reply, verdict: Verdict) -> None:
    with Provider(reply) as provider:
        assert carried(opened(FORM, provider), issue(1)).verdicts == {1: verdict}


def test_a_dead_address_does_not_stop_the_next() -> None:
    dead = refusal(422, "validation_error", INVALID_TO)
    with Provider(ACCEPTED, dead, ACCEPTED) as provider:
        feed = carried(opened(FORM, provider), *map(issue, (1, 2, 3)))
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.NO_SUCH_ADDRESS, 3: Verdict.SENT}
