"""Requests that a library makes of hosts that others name, under the rules of this package.

Mounted on a session of ``requests``, it asks only hosts that are public or allowed, at the address
that was checked; it follows no redirect, takes no proxy, and an answer has few bytes and seconds.
"""

from typing import Any

import requests
import urllib3
from requests.adapters import BaseAdapter

from newsletter.errors import FetchRefused
from newsletter.fetching.http_exchange import (
    REDIRECTS,
    FetchLimits,
    answer_to,
    refusal,
    too_slow,
)
from newsletter.fetching.pinned_connections import Deadline, resolve

SHORT = FetchLimits(bytes=1024**2, seconds=10.0, silence=5.0, redirects=0)


class GuardedAdapter(BaseAdapter):
    def __init__(self, allowed_hosts: frozenset[str], limits: FetchLimits = SHORT) -> None:
        super().__init__()
        self._allowed_hosts = allowed_hosts
        self._limits = limits

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The whole answer. Raises FetchRefused."""
        limits, url = self._limits, request.url or ""
        with Deadline(limits.seconds) as deadline:
            try:
                with answer_to(request, limits, self._allowed_hosts, resolve, deadline) as answer:
                    if answer.status_code in REDIRECTS:
                        raise FetchRefused(f"{url} leads elsewhere: give the final address.")
                    content = answer.raw.read(limits.bytes + 1, decode_content=True)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                raise refusal(error, url, limits, deadline) from error
            if deadline.passed:
                raise too_slow(limits)
        if len(content) > limits.bytes:
            raise FetchRefused(f"{url} answered more than {limits.bytes:,} bytes.")
        answer._content = content  # what requests itself sets once it has read
        return answer

    def close(self) -> None:
        """Nothing is kept open."""
