"""Amazon SES, API version 2: the raw MIME message, one a request.

``ses://REGION``; the credentials are found by boto3 in the environment, the
shared files or the instance. SES puts a Message-ID and a Date of its own in
the place of ours. No protection from doubles: a request that is not answered
may have been taken, and is tried again. boto3 itself never repeats one.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
"""

import asyncio
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from newsletter import clock
from newsletter.errors import BadSetting
from newsletter.extras import SES
from newsletter.transports.api_url import ApiUrl
from newsletter.transports.base import Envelope, Feed, Outcome, Unavailable, Verdict
from newsletter.transports.batches import carry_batches, reach
from newsletter.transports.http import TIMEOUTS
from newsletter.transports.providers import BY_SCHEME, Provider
from newsletter.transports.retry_after import retry_after

if TYPE_CHECKING:
    from boto3.session import Session

CODES = {
    "AccessDeniedException": Verdict.BLOCKED,
    "AccountSuspendedException": Verdict.BLOCKED,
    "ExpiredTokenException": Verdict.BLOCKED,
    "InvalidClientTokenId": Verdict.BLOCKED,
    "InvalidSignatureException": Verdict.BLOCKED,
    "LimitExceededException": Verdict.BLOCKED,
    "MailFromDomainNotVerifiedException": Verdict.BLOCKED,
    "NotFoundException": Verdict.BLOCKED,
    "SendingPausedException": Verdict.BLOCKED,
    "SignatureDoesNotMatch": Verdict.BLOCKED,
    "UnrecognizedClientException": Verdict.BLOCKED,
    "ThrottlingException": Verdict.THROTTLED,  # the rate, or the quota of the last 24 hours
    "TooManyRequestsException": Verdict.THROTTLED,
    "BadRequestException": Verdict.REJECTED,
    "MessageRejected": Verdict.REJECTED,
}
# Where a code is said of more than one thing, by its words.
WORDS = (
    ("MessageRejected", re.compile(r"not verified", re.IGNORECASE), Verdict.BLOCKED),
    (
        "BadRequestException",
        re.compile(r"illegal address|missing final|(local address|domain) contains", re.IGNORECASE),
        Verdict.NO_SUCH_ADDRESS,
    ),
)


class SesTransport:
    provider: ClassVar[Provider] = BY_SCHEME["ses"]

    def __init__(
        self,
        session: "Session",
        region: str,
        endpoint: str | None = None,
        timeouts: tuple[float, float] = TIMEOUTS,
    ) -> None:
        """Raises BadSetting if there can be no such region."""
        from botocore.config import Config  # late: boto3 is an extra
        from botocore.exceptions import BotoCoreError

        connect, read = timeouts
        self._session = session
        try:
            self._client = session.client(
                "sesv2",
                region_name=region,
                endpoint_url=endpoint,
                config=Config(
                    connect_timeout=connect,
                    read_timeout=read,
                    retries={"total_max_attempts": 1},
                    proxies={},
                ),
            )
        except (BotoCoreError, ValueError) as error:
            form = self.provider.url_form
            raise BadSetting(f"NEWSLETTER_MAIL_URL: give {form}, such as us-east-1") from error

    @classmethod
    def from_url(cls, mail_url: str, own_name: str) -> Self:
        """Raises BadSetting, and MissingExtra if boto3 is not installed."""
        url = ApiUrl.parse(mail_url, cls.provider.url_form)
        with SES.imports():
            from boto3.session import Session
        return cls(Session(), url.name, url.endpoint)

    def describe(self) -> str:
        return f"{self.provider.title} ({self._client.meta.region_name})"

    async def serve_connection(self, feed: Feed) -> None:
        if await asyncio.to_thread(self._session.get_credentials) is None:
            raise Unavailable(
                f"{self.describe()} cannot be asked: set AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or give the machine a role.",
                Outcome(Verdict.BLOCKED, "no AWS credentials"),
            )
        await reach(self._client.meta.endpoint_url, self.describe())
        await carry_batches(feed, 1, partial(_hand_over, self._client))


def _hand_over(client: Any, batch: Sequence[Envelope]) -> list[Outcome]:
    from botocore.exceptions import BotoCoreError, ClientError  # late: boto3 is an extra

    [envelope] = batch
    try:
        answer = client.send_email(
            Destination={"ToAddresses": [envelope.recipient]},
            Content={"Raw": {"Data": envelope.content}},
        )
    except ClientError as error:
        return [_judge(error.response)]
    except BotoCoreError as error:
        return [_lost(error)]
    return [Outcome(Verdict.SENT, f"200 {answer.get('MessageId', '')}")]


def _judge(response: Any) -> Outcome:
    """The outcome by the code of an error; by the status for a code that is not in the table."""
    code, text = response["Error"]["Code"], response["Error"].get("Message", "")
    metadata = response["ResponseMetadata"]
    status, headers = metadata["HTTPStatusCode"], metadata["HTTPHeaders"]
    verdict = CODES.get(code, Verdict.REQUEUED if status >= 500 else Verdict.BLOCKED)
    for same_code, words, exact in WORDS:
        if code == same_code and words.search(text):
            verdict = exact
    reply = f"{status} {code}: {' '.join(text.split())}"[:500]
    return Outcome(verdict, reply, retry_after(status, headers.get("retry-after"), clock.now()))


def _lost(error: Exception) -> Outcome:
    """The outcome when there is no answer. The error's text is left out: it may quote a header."""
    from botocore import exceptions

    name = type(error).__name__
    if isinstance(error, exceptions.ConnectionError):
        return Outcome(Verdict.REQUEUED, f"{name}: there was no connection")
    if isinstance(error, exceptions.HTTPClientError):
        return Outcome(Verdict.UNKNOWN, f"{name}: the request was written, and not answered")
    return Outcome(Verdict.BLOCKED, f"{name}: boto3 cannot send this with what it is given")
