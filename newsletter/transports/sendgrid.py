"""Twilio SendGrid: one message a request, out of its parts; it takes no raw MIME.

``sendgrid://KEY@``. What SendGrid would add (tracked links, its own
unsubscribe link and header) is turned off. A 202 means queued: an address
that SendGrid suppresses is reported by webhook. No protection from doubles: a
request that is not answered may have been taken, and is tried again.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send
https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.transports.base import Envelope, Outcome, Verdict
from newsletter.transports.http import Answer, Call, HttpTransport
from newsletter.transports.parts import take_apart
from newsletter.transports.providers import BY_SCHEME

UNAVAILABLE_FOR_LEGAL_REASONS = 451  # the account's data may not be where this endpoint is
# Which field a 400 is about; those of no other kind concern this message alone.
FIELDS = (
    (re.compile(r"personalizations\.\d+\.to\b"), Verdict.NO_SUCH_ADDRESS),
    (re.compile(r"from\b"), Verdict.BLOCKED),
)


class SendgridTransport(HttpTransport):
    provider = BY_SCHEME["sendgrid"]
    api = "https://api.sendgrid.com"

    def authorization(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.url.key}"}

    def call(self, batch: Sequence[Envelope]) -> Call:
        [envelope] = batch
        return Call.of_json("/v3/mail/send", _message(envelope))

    def judge(self, answer: Answer, batch: Sequence[Envelope]) -> list[Outcome]:
        verdict = answer.verdict
        if answer.status == 400:
            verdict = _bad_request(answer)
        elif answer.status == UNAVAILABLE_FOR_LEGAL_REASONS:
            verdict = Verdict.BLOCKED
        return [Outcome(verdict, str(answer))]


def _bad_request(answer: Answer) -> Verdict:
    value = answer.json()
    errors = value.get("errors") if isinstance(value, dict) else None
    fields = [
        str(error.get("field"))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    ]
    named = (v for about, v in FIELDS if any(about.match(field) for field in fields))
    return next(named, Verdict.REJECTED)


def _message(envelope: Envelope) -> dict[str, Any]:
    parts = take_apart(envelope)
    off = {"enable": False}
    message: dict[str, Any] = {
        "from": {"email": parts.sender.addr_spec, "name": parts.sender.display_name},
        "personalizations": [{"to": [{"email": envelope.recipient}]}],
        "subject": parts.subject,
        "content": [  # in this order
            {"type": content_type, "value": text}
            for content_type, text in (("text/plain", parts.text), ("text/html", parts.html))
            if text
        ],
        "headers": {**parts.headers, "Message-ID": envelope.message_id},
        "tracking_settings": {
            "click_tracking": {**off, "enable_text": False},
            "open_tracking": off,
            "subscription_tracking": off,
        },
    }
    if parts.files:
        message["attachments"] = [
            {
                "filename": file.name,
                "type": file.content_type,
                "content": file.base64,
                "disposition": "inline",
                "content_id": file.cid,
            }
            for file in parts.files
        ]
    return message
