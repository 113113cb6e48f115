"""Hand messages to a provider's API over HTTPS: what the providers have in common.

The certificate is verified, no redirect is followed, and neither proxies nor
credentials are taken from the environment. How far a request had come tells
what is known when there is no answer: before its last byte was written the
provider has nothing whole, afterwards it may have taken the message.
"""

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

import requests

from newsletter import clock
from newsletter.transports.api_url import ApiUrl
from newsletter.transports.base import Envelope, Feed, Outcome, Verdict
from newsletter.transports.batches import CONNECT_SECONDS, carry_batches, reach
from newsletter.transports.providers import Provider
from newsletter.transports.retry_after import retry_after

# Seconds: to connect, and for each write; for each piece of the answer.
TIMEOUTS = (CONNECT_SECONDS, 60.0)

# What a status means where the provider says nothing more exact (RFC 9110 15).
STATUSES = {
    401: Verdict.BLOCKED,
    402: Verdict.BLOCKED,
    403: Verdict.BLOCKED,
    404: Verdict.BLOCKED,
    405: Verdict.BLOCKED,
    408: Verdict.REQUEUED,
    429: Verdict.THROTTLED,
    504: Verdict.UNKNOWN,  # a gateway passed the request on, and does not know what became of it
}
CLASSES = {
    2: Verdict.SENT,
    3: Verdict.BLOCKED,  # the API has moved, and a key is not sent after it
    4: Verdict.REJECTED,
    5: Verdict.REQUEUED,
}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to come: POST ``body`` to ``path``."""

    path: str
    body: bytes
    headers: Mapping[str, str]  # the key not among them

    @classmethod
    def of_json(cls, path: str, value: object, **headers: str) -> Self:
        body = json.dumps(value, ensure_ascii=False).encode()
        return cls(path, body, {"Content-Type": "application/json", **headers})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The body as JSON; None: it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def member(self, name: str) -> str:
        """A member of the JSON object as text; empty: there is no such member or no object."""
        value = self.json()
        return str(value.get(name, "")) if isinstance(value, dict) else ""

    @property
    def verdict(self) -> Verdict:
        """By the status alone."""
        return STATUSES.get(self.status) or CLASSES.get(self.status // 100, Verdict.UNKNOWN)

    def __str__(self) -> str:
        again = self.headers.get("Retry-After")
        waits = f" (again after {again})" if again else ""
        return f"{self.status}{waits} {' '.join(self.text.split())}"[:500]


class HttpTransport(ABC):
    """A provider; a subclass says how it is asked and what its answers mean."""

    provider: ClassVar[Provider]
    api: str
    batch_size = 1  # messages a request

    def __init__(self, url: ApiUrl) -> None:
        self.url = url
        self.timeouts = TIMEOUTS
        if url.endpoint is not None:
            self.api = url.endpoint

    @classmethod
    def from_url(cls, mail_url: str, own_name: str) -> Self:
        """Raises BadSetting."""
        return cls(ApiUrl.parse(mail_url, cls.provider.url_form))

    @abstractmethod
    def authorization(self) -> Mapping[str, str]:
        """The headers that hold the key."""

    @abstractmethod
    def call(self, batch: Sequence[Envelope]) -> Call:
        """The request that hands ``batch`` over."""

    @abstractmethod
    def judge(self, answer: Answer, batch: Sequence[Envelope]) -> list[Outcome]:
        """One outcome for each envelope of ``batch``, in their order."""

    def describe(self) -> str:
        return f"{self.provider.title} ({urlsplit(self.api).netloc})"

    async def serve_connection(self, feed: Feed) -> None:
        await reach(self.api, self.describe())
        with requests.Session() as session:
            session.trust_env = False
            session.headers.update({"Accept": "application/json", **self.authorization()})
            await carry_batches(feed, self.batch_size, partial(self._hand_over, session))

    def _hand_over(self, session: requests.Session, batch: Sequence[Envelope]) -> list[Outcome]:
        call = self.call(batch)
        body = _Body(call.body)
        try:
            response = session.post(
                self.api + call.path,
                data=body,
                headers=dict(call.headers),
                timeout=self.timeouts,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            return [_lost(error, body.is_written)] * len(batch)
        text = response.content.decode("utf-8", "replace").replace(self.url.key, "[key]")
        status, headers = response.status_code, response.headers
        again = retry_after(status, headers.get("Retry-After"), clock.now())
        outcomes = self.judge(Answer(status, text, headers), batch)
        return [replace(outcome, retry_after=again) for outcome in outcomes]


class _Body(io.BytesIO):
    """A request's body that knows whether all of it has been written."""

    is_written = False

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        self.is_written = self.is_written or not chunk  # asked for more, once all was sent
        return chunk


def _lost(error: requests.RequestException, is_written: bool) -> Outcome:
    """The outcome when there is no answer. The error's text is left out: it may quote a header."""
    name = type(error).__name__
    if is_written:
        return Outcome(Verdict.UNKNOWN, f"{name}: the request was written, and not answered")
    return Outcome(Verdict.REQUEUED, f"{name}: the request could not be written")
