"""Resend: one message a request, out of its parts; it takes no raw MIME.

``resend://KEY@``. Each request has an idempotency key made from the
Message-ID: what may have been taken, and is tried again within 24 hours, is
not sent twice. (Batches are not used: they take no inline images, and one key
for all.) The Message-ID that readers see is Resend's own.

https://resend.com/docs/api-reference/emails/send-email
https://resend.com/docs/dashboard/emails/idempotency-keys
https://resend.com/docs/api-reference/errors
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.transports.base import Envelope, Outcome, Verdict
from newsletter.transports.http import Answer, Call, HttpTransport
from newsletter.transports.parts import Parts, take_apart
from newsletter.transports.providers import BY_SCHEME

NAMES = {
    "daily_quota_exceeded": Verdict.BLOCKED,  # a 429, though waiting a little is no help
    "monthly_quota_exceeded": Verdict.BLOCKED,
    "rate_limit_exceeded": Verdict.THROTTLED,
    "invalid_from_address": Verdict.BLOCKED,
    "invalid_idempotency_key": Verdict.BLOCKED,
    "concurrent_idempotent_requests": Verdict.UNKNOWN,  # our first try is still under way
    "invalid_idempotent_request": Verdict.UNKNOWN,  # our first try was taken, as another text
    "security_error": Verdict.REJECTED,
}
VALIDATION = "validation_error"  # with 403 about our domain, else about a field
FIELDS = (
    (
        re.compile(r"Invalid `to` field\. The email address needs", re.IGNORECASE),
        Verdict.NO_SUCH_ADDRESS,
    ),
    (re.compile(r"Invalid `from` field", re.IGNORECASE), Verdict.BLOCKED),
)


class ResendTransport(HttpTransport):
    provider = BY_SCHEME["resend"]
    api = "https://api.resend.com"

    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.url.key}"}

    def call(self, batch: Sequence[Envelope]) -> Call:
        [envelope] = batch
        key = hashlib.sha256(envelope.message_id.encode()).hexdigest()
        return Call.of_json("/emails", _message(envelope), **{"Idempotency-Key": key})

    def judge(self, answer: Answer, batch: Sequence[Envelope]) -> list[Outcome]:
        name = answer.member("name")
        verdict = NAMES.get(name, answer.verdict)
        if name == VALIDATION and answer.status != 403:
            text = answer.member("message")
            verdict = next((v for field, v in FIELDS if field.match(text)), verdict)
        elif verdict is Verdict.SENT and not answer.member("id"):
            verdict = Verdict.UNKNOWN
        return [Outcome(verdict, str(answer))]


def _message(envelope: Envelope) -> dict[str, Any]:
    parts = take_apart(envelope)
    message: dict[str, Any] = {
        "from": _mailbox(parts),
        "to": [envelope.recipient],
        "subject": parts.subject,
        "text": parts.text,
        "headers": parts.headers,
    }
    if parts.html:
        message["html"] = parts.html
    if parts.files:
        message["attachments"] = [
            {
                "filename": file.name,
                "content_type": file.content_type,
                "content": file.base64,
                "content_id": file.cid,
            }
            for file in parts.files
        ]
    return message


def _mailbox(parts: Parts) -> str:
    """``Name <address>``: Resend refuses a name in quotes or encoded (RFC 5322, 2047)."""
    name, address = parts.sender.display_name, parts.sender.addr_spec
    return f"{name} <{address}>" if name else address
