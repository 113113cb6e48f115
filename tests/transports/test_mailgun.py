"""Mailgun gets the message as it was composed, byte for byte."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from newsletter.transports.base import Verdict
from tests.transports.composed import issue
from tests.transports.http_server import KEY, Provider, Reply, Request, carried, opened

FORM = "mailgun://KEY@mg.example.org"
QUEUED = Reply(200, {"id": "<1@mg.example.org>", "message": "Queued. Thank you."})


def fields(request: Request) -> dict[str, bytes]:
    """The fields of a multipart/form-data body (RFC 7578)."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    form = message_from_bytes(head + request.body, policy=policy.HTTP)
    assert isinstance(form, EmailMessage)
    boundary = b"--" + str(form.get_boundary()).encode()
    found = {}
    for part in request.body.split(boundary)[1:-1]:
        headers, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = headers.split(b'name="')[1].split(b'"')[0].decode()
        found[name] = value
    return found


def test_the_raw_message_is_sent() -> None:
    with Provider(QUEUED) as provider:
        feed = carried(opened(FORM, provider), issue(1))
    [request] = provider.requests
    assert request.path == "/v3/mg.example.org/messages.mime"
    assert base64.b64decode(request.headers["Authorization"].split()[1]) == f"api:{KEY}".encode()
    sent = fields(request)
    assert sent["message"].rstrip() == issue(1).content.rstrip()
    assert sent["to"] == b"reader1@example.org"
    assert sent["o:tracking"] == b"no"
    assert feed.verdicts == {1: Verdict.SENT}
    assert "<1@mg.example.org>" in feed.settled[1].reply


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        (
            Reply(
                400,
                {"message": "'to' parameter is not a valid address. please check documentation"},
            ),
            Verdict.NO_SUCH_ADDRESS,
        ),
        (Reply(400, {"message": "from parameter is missing"}), Verdict.BLOCKED),
        (Reply(400, {"message": "Please activate your Mailgun account."}), Verdict.BLOCKED),
        (Reply(400, {"message": "Something else"}), Verdict.REJECTED),
        (Reply(401, "Forbidden"), Verdict.BLOCKED),
        (Reply(402, {"message": "Payment required"}), Verdict.BLOCKED),
        (
            Reply(
                403,
                {"message": "Domain mg.example.org is not allowed to send: Free accounts are ..."},
            ),
            Verdict.BLOCKED,
        ),
        (Reply(404, {"message": "Domain not found: mg.example.org"}), Verdict.BLOCKED),
        (Reply(413, {"message": "request entity too large"}), Verdict.REJECTED),
        (Reply(429, {"message": "Too many requests"}, {"Retry-After": "7"}), Verdict.THROTTLED),
        (Reply(500, {"message": "Internal Server Error"}), Verdict.REQUEUED),
        (Reply(200, "<html>hello</html>"), Verdict.UNKNOWN),
    ],
)
def test_each_documented_answer(reply: Reply, verdict: Verdict) -> None:
    with Provider(reply) as provider:
        assert carried(opened(FORM, provider), issue(1)).verdicts == {1: verdict}


def test_a_dead_address_does_not_stop_the_next() -> None:
    dead = Reply(
        400, {"message": "to parameter is not a valid address. please check documentation"}
    )
    with Provider(QUEUED, dead, QUEUED) as provider:
        feed = carried(opened(FORM, provider), *map(issue, (1, 2, 3)))
    assert feed.verdicts == {1: Verdict.SENT, 2: Verdict.NO_SUCH_ADDRESS, 3: Verdict.SENT}
