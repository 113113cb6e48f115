"""SendGrid's JSON, with nothing of SendGrid's added to the message."""

import base64

import pytest

from newsletter.transports.base import Verdict
from tests.transports.composed import PNG, SENDER, TOKEN, issue, notice
from tests.transports.http_server import KEY, Provider, Reply, carried, opened

FORM = "sendgrid://KEY@"
ACCEPTED = Reply(202, "", {"X-Message-Id": "abc"})


def refusal(field: str | None, message: str) -> dict[str, object]:
    return {"errors": [{"message": message, "field": field, "help": None}]}


def test_a_message_arrives_with_our_headers_and_its_image() -> None:
    with Provider(ACCEPTED) as provider:
        carried(opened(FORM, provider), issue(1))
    [request] = provider.requests
    assert request.path == "/v3/mail/send"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    message = request.json()
    assert message["from"] == {"email": SENDER, "name": "Dätaset, Daily"}
    assert message["personalizations"] == [{"to": [{"email": "reader1@example.org"}]}]
    assert message["subject"] == "Pinguïns"
    assert [part["type"] for part in message["content"]] == ["text/plain", "text/html"]
    assert TOKEN in message["content"][0]["value"]
    assert TOKEN in message["content"][1]["value"]
    assert message["headers"] == {
        "List-Id": "Dataset Daily <datasets.news.example.org>",
        "List-Unsubscribe": f"<https://news.example.org/unsubscribe/{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "2026-11-23:monday:datasets:newsexampleorg",
        "Precedence": "bulk",
        "Message-ID": issue(1).message_id,
    }
    [attachment] = message["attachments"]
    assert base64.b64decode(attachment.pop("content")) == PNG
    assert attachment == {
        "filename": "chart.png",
        "type": "image/png",
        "disposition": "inline",
        "content_id": "chart@issue",
    }


def test_nothing_is_tracked_and_no_other_way_to_leave_is_added() -> None:
    with Provider(ACCEPTED) as provider:
        carried(opened(FORM, provider), notice(1))
    message = provider.requests[0].json()
    assert "attachments" not in message
    assert {name: set(t.values()) for name, t in message["tracking_settings"].items()} == {
        "click_tracking": {False},
        "open_tracking": {False},
        "subscription_tracking": {False},
    }


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (
            Reply(
                400, refusal("personalizations.0.to.0.email", "Does not contain a valid address.")
            ),
            Verdict.NO_SUCH_ADDRESS,
        ),
        (Reply(400, refusal("from.email", "The from email is not valid.")), Verdict.BLOCKED),
        (
            Reply(400, refusal("content.0.value", "The content value must be a string")),
            Verdict.REJECTED,
        ),
        (Reply(400, refusal(None, "Bad Request")), Verdict.REJECTED),
        (Reply(400, {"errors": "nonsense"}), Verdict.REJECTED),
        (Reply(400, ["nonsense"]), Verdict.REJECTED),
        (Reply(401, refusal(None, "Maximum credits exceeded")), Verdict.BLOCKED),
        (
            Reply(
                403, refusal("from", "The from address does not match a verified Sender Identity")
            ),
            Verdict.BLOCKED,
        ),
        (Reply(413, refusal(None, "Payload too large")), Verdict.REJECTED),
        (Reply(429, refusal(None, "too many requests"), {"Retry-After": "3"}), Verdict.THROTTLED),
        (Reply(451, refusal(None, "data residency")), Verdict.BLOCKED),
        (Reply(500, "server error"), Verdict.REQUEUED),
    ],
)
def test_each_documented_answer(reply: Reply, verdict: Verdict) -> None:
    with Provider(reply) as provider:
        assert carried(opened(FORM, provider), issue(1)).verdicts == {1: verdict}


def test_a_dead_address_does_not_stop_the_next() -> None:
    dead = Reply(400, refusal("personalizations.0.to.0.email", "Does not contain a valid address."))
    with Provider(ACCEPTED, dead, ACCEPTED) as provider:
        feed = carried(opened(FORM, provider), *map(issue, (1, 2, 3)))
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.NO_SUCH_ADDRESS, 3: Verdict.SENT}
