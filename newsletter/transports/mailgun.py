"""Mailgun: the raw MIME message, one a request, so it arrives as it was composed.

``mailgun://KEY@DOMAIN[?region=us|eu]``. No protection from doubles: a request
that is not answered may have been taken, and is tried again with the same
Message-ID.

https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages-mime
https://documentation.mailgun.com/docs/mailgun/quickstart-guide/responses
"""

import base64
import re
from collections.abc import Mapping, Sequence

from urllib3.filepost import encode_multipart_formdata

from newsletter.errors import BadSetting
from newsletter.transports.api_url import ApiUrl
from newsletter.transports.base import Envelope, Outcome, Verdict
from newsletter.transports.http import Answer, Call, HttpTransport
from newsletter.transports.providers import BY_SCHEME

APIS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}

# Mailgun has no codes: what a 400 is about is said in words. Other statuses mean what they say.
BAD_REQUESTS = (
    (
        re.compile(r"'?to'? parameter is not a valid address", re.IGNORECASE),
        Verdict.NO_SUCH_ADDRESS,
    ),
    (re.compile(r"'?from'? parameter is", re.IGNORECASE), Verdict.BLOCKED),
    (re.compile(r"not allowed to send|account|limit", re.IGNORECASE), Verdict.BLOCKED),
)


class MailgunTransport(HttpTransport):
    provider = BY_SCHEME["mailgun"]

    def __init__(self, url: ApiUrl) -> None:
        region = url.options.get("region", "us")
        if region not in APIS:
            raise BadSetting("NEWSLETTER_MAIL_URL: the region of Mailgun is us or eu")
        self.api = APIS[region]
        super().__init__(url)

    def authorization(self) -> Mapping[str, str]:
        credentials = base64.b64encode(f"api:{self.url.key}".encode()).decode()
        return {"Authorization": f"Basic {credentials}"}

    def call(self, batch: Sequence[Envelope]) -> Call:
        [envelope] = batch
        body, content_type = encode_multipart_formdata(
            {
                "to": envelope.recipient,
                "message": ("message.eml", envelope.content, "message/rfc822"),
                "o:tracking": "no",
            }
        )
        return Call(f"/v3/{self.url.name}/messages.mime", body, {"Content-Type": content_type})

    def judge(self, answer: Answer, batch: Sequence[Envelope]) -> list[Outcome]:
        verdict = answer.verdict
        if answer.status == 400:
            text = answer.member("message")
            verdict = next((v for about, v in BAD_REQUESTS if about.search(text)), verdict)
        elif verdict is Verdict.SENT and not answer.member("id"):
            verdict = Verdict.UNKNOWN
        return [Outcome(verdict, str(answer))]
