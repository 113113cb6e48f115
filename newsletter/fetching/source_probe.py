"""Ask whether an address still answers, without downloading what is there."""

from dataclasses import dataclass
from enum import Enum, auto

import requests
import urllib3

from newsletter.errors import FetchRefused, UnknownHost
from newsletter.fetching.http_exchange import (
    REDIRECTS,
    FetchLimits,
    Validators,
    answer_to,
    redirected,
    refusal,
    request_for,
    status_sentence,
)
from newsletter.fetching.pinned_connections import Deadline, Resolve, resolve

GONE = {404, 410}
CLOSED = {401, 403, 429}  # to programs: a person may well get in
PERMANENT = {301, 308}
NOT_MODIFIED = 304
FEW_BYTES = "bytes=0-511"
UNSAID = Validators()
PATIENCE = FetchLimits(seconds=20, silence=10)


class State(Enum):
    THERE = auto()
    GONE = auto()
    NO_HOST = auto()  # there is no such name, or no name server
    CLOSED = auto()
    SILENT = auto()  # not reachable now


@dataclass(frozen=True, slots=True)
class Answer:
    state: State
    sentence: str = ""  # why, unless it is there
    moved_to: str | None = None  # where permanent redirects lead
    validators: Validators = UNSAID
    is_page: bool = False  # HTML, of which an ETag says nothing: each visit may change it
    not_modified: bool = False
    is_heard: bool = False  # somebody answered, so this machine is online


@dataclass(frozen=True, slots=True)
class Asker:
    """How addresses are asked: as whom, how long, and which hosts may be inner ones."""

    agent: str
    allowed_hosts: frozenset[str] = frozenset()
    limits: FetchLimits = PATIENCE
    resolve: Resolve = resolve

    def ask(self, url: str, previous: Validators | None = None) -> Answer:
        """HEAD and, as some servers refuse that, GET of a few bytes; raises nothing."""
        answer = self._asked("HEAD", url, previous)
        if answer.is_heard and answer.state is not State.THERE:
            return self._asked("GET", url, previous)
        return answer

    def _asked(self, method: str, url: str, previous: Validators | None) -> Answer:
        with Deadline(self.limits.seconds) as deadline:
            try:
                return self._walked(method, url, previous, deadline)
            except UnknownHost as error:
                return Answer(State.NO_HOST, str(error))
            except FetchRefused as error:
                return Answer(State.SILENT, str(error))
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                return Answer(State.SILENT, str(refusal(error, url, self.limits, deadline)))

    def _walked(
        self, method: str, url: str, previous: Validators | None, deadline: Deadline
    ) -> Answer:
        moved_to, is_permanent = None, True
        for _ in range(self.limits.redirects + 1):
            request = request_for(url, previous, method, self.agent)
            if method == "GET":
                request.headers["Range"] = FEW_BYTES
            with answer_to(
                request, self.limits, self.allowed_hosts, self.resolve, deadline
            ) as answer:
                location = answer.headers.get("location")
                if answer.status_code not in REDIRECTS or location is None:
                    return _concluded(answer, moved_to)
                url = redirected(request.url or "", location)
                is_permanent = is_permanent and answer.status_code in PERMANENT
                moved_to = url if is_permanent else moved_to
        raise FetchRefused(f"The address redirects more than {self.limits.redirects} times.")


def _concluded(answer: requests.Response, moved_to: str | None) -> Answer:
    status = answer.status_code
    if status < 400 or status == 416:  # a file of no bytes has none to give
        return Answer(
            State.THERE,
            moved_to=moved_to,
            validators=Validators(_short(answer, "etag"), _short(answer, "last-modified")),
            is_page="html" in answer.headers.get("content-type", "").lower(),
            not_modified=status == NOT_MODIFIED,
            is_heard=True,
        )
    state = State.GONE if status in GONE else State.CLOSED if status in CLOSED else State.SILENT
    return Answer(state, status_sentence(status), is_heard=True)


def _short(answer: requests.Response, name: str) -> str | None:
    value = answer.headers.get(name)
    return value if value and len(value) <= 200 else None
