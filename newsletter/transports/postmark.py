"""Postmark: up to 500 messages a request, each answered for itself.

``postmark://TOKEN@[?stream=NAME]``. Mail to the list goes by that message
stream (by default the server's own ``broadcast``), notices to one person by
the transactional one. There is no raw MIME, and no protection from doubles: a
request that is not answered may have been taken, and is tried again.

https://postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails
https://postmarkapp.com/developer/api/overview#error-codes
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.transports.base import Envelope, Outcome, Verdict
from newsletter.transports.http import Answer, Call, HttpTransport
from newsletter.transports.parts import Parts, take_apart
from newsletter.transports.providers import BY_SCHEME

OF_A_REQUEST = {
    10: Verdict.BLOCKED,  # bad or missing token
    100: Verdict.REQUEUED,  # maintenance
    400: Verdict.BLOCKED,  # no such sender signature
    401: Verdict.BLOCKED,  # the sender signature is not confirmed
    405: Verdict.BLOCKED,  # out of credits
    411: Verdict.BLOCKED,  # a type of attachment that Postmark forbids
    412: Verdict.BLOCKED,  # the account waits for approval
    413: Verdict.BLOCKED,  # the account may not send
    429: Verdict.THROTTLED,
    1235: Verdict.BLOCKED,  # no such message stream
    1236: Verdict.BLOCKED,  # a message stream that does not send
}
OF_A_MESSAGE = OF_A_REQUEST | {
    0: Verdict.SENT,
    406: Verdict.NO_SUCH_ADDRESS,  # inactive: it bounced hard, or complained
}
INVALID_REQUEST = 300  # whose text says which field is meant
INVALID_FIELDS = (
    (re.compile(r"(Invalid|Error parsing) 'To'", re.IGNORECASE), Verdict.NO_SUCH_ADDRESS),
    (re.compile(r"(Invalid|Error parsing) 'From'", re.IGNORECASE), Verdict.BLOCKED),
)


class PostmarkTransport(HttpTransport):
    provider = BY_SCHEME["postmark"]
    api = "https://api.postmarkapp.com"
    batch_size = 500

    def authorization(self) -> Mapping[str, str]:
        return {"X-Postmark-Server-Token": self.url.key}

    def call(self, batch: Sequence[Envelope]) -> Call:
        return Call.of_json("/email/batch", [self._message(envelope) for envelope in batch])

    def judge(self, answer: Answer, batch: Sequence[Envelope]) -> list[Outcome]:
        results = answer.json()
        if isinstance(results, list) and len(results) == len(batch):
            return [_outcome(result) for result in results]
        return [Outcome(_of_all(answer), str(answer))] * len(batch)

    def _message(self, envelope: Envelope) -> dict[str, Any]:
        parts = take_apart(envelope)
        message: dict[str, Any] = {
            "From": str(parts.sender),
            "To": envelope.recipient,
            "Subject": parts.subject,
            "TextBody": parts.text,
            "Headers": _headers(parts, envelope),
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if parts.is_bulk:
            message["MessageStream"] = self.url.options.get("stream", "broadcast")
        if parts.html:
            message["HtmlBody"] = parts.html
        if parts.files:
            message["Attachments"] = [
                {
                    "Name": file.name,
                    "ContentType": file.content_type,
                    "Content": file.base64,
                    "ContentID": f"cid:{file.cid}",
                }
                for file in parts.files
            ]
        return message


def _of_all(answer: Answer) -> Verdict:
    """The verdict on a whole batch, which no single recipient can be the reason of."""
    if answer.verdict is Verdict.SENT:
        return Verdict.UNKNOWN  # taken, it seems, yet not a word about each
    code = answer.member("ErrorCode")
    verdict = OF_A_REQUEST.get(int(code) if code.isdigit() else -1, answer.verdict)
    return Verdict.BLOCKED if verdict is Verdict.REJECTED else verdict


def _headers(parts: Parts, envelope: Envelope) -> list[dict[str, str]]:
    # Without X-PM-KeepID, Postmark puts a Message-ID of its own in the place of ours.
    headers = {**parts.headers, "Message-ID": envelope.message_id, "X-PM-KeepID": "true"}
    return [{"Name": name, "Value": value} for name, value in headers.items()]


def _outcome(result: Any) -> Outcome:
    """The outcome of one message of a batch."""
    code = result.get("ErrorCode") if isinstance(result, dict) else None
    if not isinstance(code, int):
        return Outcome(Verdict.UNKNOWN, f"not an answer to a message: {result!r}"[:500])
    text = str(result.get("Message", ""))
    verdict = OF_A_MESSAGE.get(code, Verdict.REJECTED)
    if code == INVALID_REQUEST:
        verdict = next((v for field, v in INVALID_FIELDS if field.match(text)), verdict)
    reply = result.get("MessageID") if verdict is Verdict.SENT else " ".join(text.split())
    return Outcome(verdict, f"{code} {reply}"[:500])
