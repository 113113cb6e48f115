"""The site as it is met: /healthz, without a redirect, by https."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from newsletter.doctor.findings import State
from newsletter.doctor.site import Answer, ask_site, examine_site
from newsletter.tokens import SEAL

HTTPS = "https://news.test"
OURS = "1" * 32
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Site(BaseHTTPRequestHandler):
    date: str | None = "Fri, 20 Nov 2026 12:00:00 GMT"
    seal: str | None = None
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response_only(200 if self.path.endswith("/healthz") else 404)
        if self.seal is not None:
            self.send_header(SEAL, self.seal)
        if self.date is not None:
            self.send_header("Date", self.date)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Tests are silent."""


@contextmanager
def site(
    date: str | None = Site.date, tls: ssl.SSLContext | None = None, seal: str | None = None
) -> Iterator[int]:
    handler = type("Handler", (Site,), {"date": date, "seal": seal, "asked": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("path", ["", "/letters"])
def test_it_asks_for_healthz_below_the_base_url(path: str) -> None:
    with site() as port:
        assert ask_site(f"http://127.0.0.1:{port}{path}") == Answer(200, NOON)


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_site_without_a_clock_answers_all_the_same(date: str | None) -> None:
    with site(date) as port:
        assert ask_site(f"http://127.0.0.1:{port}") == Answer(200, None)


def test_a_certificate_that_nobody_knows_is_wrong(certified: Callable[..., ssl.SSLContext]) -> None:
    with site(tls=certified("127.0.0.1")) as port:
        with pytest.raises(ssl.SSLCertVerificationError) as refused:
            ask_site(f"https://127.0.0.1:{port}")
        [finding] = examine_site(HTTPS, refused.value, OURS)
    assert finding.state is State.WRONG
    assert "certificate" in finding.sentence


@pytest.mark.parametrize(
    ("asked", "state", "said"),
    [
        (Answer(200, None, OURS), State.OK, "will arrive"),
        (Answer(200, None), State.WRONG, "it is no newsletter"),
        (Answer(200, None, "0" * 32), State.WRONG, "is another newsletter"),
        (Answer(301, None), State.WRONG, "leads elsewhere (301)"),
        (Answer(400, None), State.WRONG, "NEWSLETTER_TRUSTED_HOSTS"),
        (ConnectionRefusedError("refused"), State.WARNING, "start the site"),
        (TimeoutError("timed out"), State.WARNING, "start the site"),
    ],
)
def test_each_answer_says_what_to_do(asked: Answer | Exception, state: State, said: str) -> None:
    [finding] = examine_site(HTTPS, asked, OURS)
    assert finding.state is state
    assert said in finding.sentence


def test_a_site_without_https_shows_no_button() -> None:
    first, second = examine_site("http://news.test", Answer(200, None, OURS), OURS)
    assert (first.state, "not https" in first.sentence) == (State.WARNING, True)
    assert second.state is State.OK


def test_a_key_that_is_not_known_is_compared_with_none() -> None:
    [finding] = examine_site(HTTPS, Answer(200, None, OURS), None)
    assert finding.state is State.OK
