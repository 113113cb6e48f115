"""Postmark's batches: the JSON of a message, and each documented answer."""

import base64
import re

import pytest

from newsletter.transports.base import Verdict
from tests.transports.composed import PNG, SENDER, TOKEN, issue, notice
from tests.transports.feeds import envelope
from tests.transports.http_server import KEY, Provider, Reply, Request, carried, opened

FORM = "postmark://KEY@"
INACTIVE = (
    "You tried to send to recipient(s) that have been marked as inactive.\n"
    "Found inactive addresses: reader2@example.org.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint."
)


def result(code: int = 0, message: str = "OK") -> dict[str, object]:
    return {"ErrorCode": code, "Message": message, "MessageID": "0a129aee"}


def accept(request: Request) -> Reply:
    return Reply(200, [result() for _ in request.json()])


def test_a_message_arrives_with_our_headers_and_its_image() -> None:
    with Provider(accept) as provider:
        carried(opened(FORM, provider), issue(1))
    [request] = provider.requests
    assert request.path == "/email/batch"
    assert request.headers["X-Postmark-Server-Token"] == KEY
    assert request.headers["Content-Type"] == "application/json"
    [message] = request.json()
    headers = {header["Name"]: header["Value"] for header in message.pop("Headers")}
    assert headers == {
        "List-Id": "Dataset Daily <datasets.news.example.org>",
        "List-Unsubscribe": f"<https://news.example.org/unsubscribe/{TOKEN}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "2026-11-23:monday:datasets:newsexampleorg",
        "Precedence": "bulk",
        "Message-ID": issue(1).message_id,
        "X-PM-KeepID": "true",
    }
    [attachment] = message.pop("Attachments")
    assert base64.b64decode(attachment.pop("Content")) == PNG
    assert attachment == {
        "Name": "chart.png",
        "ContentType": "image/png",
        "ContentID": "cid:chart@issue",
    }
    assert f"Grüße, 344 penguins.\n.dot\n{TOKEN}" in message.pop("TextBody")
    assert f'<img src="cid:chart@issue"><a href="{TOKEN}">' in message.pop("HtmlBody")
    assert message == {
        "From": f'"Dätaset, Daily" <{SENDER}>',
        "To": "reader1@example.org",
        "Subject": "Pinguïns",
        "MessageStream": "broadcast",
        "TrackOpens": False,
        "TrackLinks": "None",
    }


def test_a_notice_goes_by_the_transactional_stream() -> None:
    with Provider(accept) as provider:
        carried(opened(f"{FORM}?stream=monday", provider), issue(1), notice(2))
    to_the_list, to_one = provider.requests[0].json()
    assert to_the_list["MessageStream"] == "monday"
    assert "MessageStream" not in to_one
    assert {"Name": "Auto-Submitted", "Value": "auto-generated"} in to_one["Headers"]
    assert "Attachments" not in to_one


def test_a_batch_holds_at_most_five_hundred() -> None:
    with Provider(accept) as provider:
        feed = carried(opened(FORM, provider), *map(envelope, range(501)))
    assert [len(request.json()) for request in provider.requests] == [500, 1]
    assert feed.verdicts == dict.fromkeys(range(501), Verdict.SENT)


def test_each_message_of_a_batch_is_settled_by_its_own_answer() -> None:
    answers = [
        result(),
        result(406, INACTIVE),
        result(300, "Invalid 'To' address: 'reader3@'."),
        result(300, "Error parsing 'To': Illegal email domain 'x' in address 'y'."),
        result(300, "Invalid metadata content."),
        result(999, "something new"),
        {"nonsense": True},
    ]
    with Provider(Reply(200, answers)) as provider:
        feed = carried(opened(FORM, provider), *map(issue, range(1, 8)))
    assert list(feed.verdicts.values()) == [
        Verdict.SENT,
        Verdict.NO_SUCH_ADDRESS,
        Verdict.NO_SUCH_ADDRESS,
        Verdict.NO_SUCH_ADDRESS,
        Verdict.REJECTED,
        Verdict.REJECTED,
        Verdict.UNKNOWN,
    ]
    assert feed.settled[1].reply == "0 0a129aee"
    assert re.match("406 You tried to send", feed.settled[2].reply)


@pytest.mark.parametrize("code", [400, 401, 405, 411, 412, 413, 1235, 1236])
def test_a_code_about_us_pauses_and_ends_the_connection(code: int) -> None:
    with Provider(Reply(200, [result(), result(code, "not you")])) as provider:
        transport = opened(FORM, provider)
        transport.batch_size = 2
        feed = carried(transport, issue(1), issue(2), issue(3))
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.BLOCKED}


def test_an_invalid_sender_is_our_fault() -> None:
    with Provider(Reply(200, [result(300, "Invalid 'From' address: 'x'.")])) as provider:
        assert carried(opened(FORM, provider), issue(1)).verdicts == {1: Verdict.BLOCKED}


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (Reply(401, result(10, "No Account or Server API tokens were supplied")), Verdict.BLOCKED),
        (Reply(422, result(405, "Not allowed to send")), Verdict.BLOCKED),
        (Reply(422, result(406, INACTIVE)), Verdict.BLOCKED),
        (Reply(422, result(300, "Zero recipients specified")), Verdict.BLOCKED),
        (Reply(413, "too large"), Verdict.BLOCKED),
        (Reply(422, result(429, "Rate limit exceeded")), Verdict.THROTTLED),
        (Reply(503, result(100, "Maintenance")), Verdict.REQUEUED),
        (Reply(200, [result()]), Verdict.UNKNOWN),
        (Reply(200, "<html>"), Verdict.UNKNOWN),
    ],
)
def test_an_answer_to_the_whole_batch_blames_no_recipient(reply: Reply, verdict: Verdict) -> None:
    with Provider(reply) as provider:
        feed = carried(opened(FORM, provider), issue(1), issue(2))
    assert feed.verdicts == dict.fromkeys((1, 2), verdict)
