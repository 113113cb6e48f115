"""The site as a reader's mail program meets it: one-click unsubscribe posts to it (RFC 8058)."""

import http.client
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.tokens import SEAL

WHAT = "site"
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    date: datetime | None  # what its clock says, in whole seconds
    seal: str | None = None  # by which ours is known


def ask_site(base_url: str) -> Answer:
    """GET /healthz, straight: no proxy, no redirect. Raises OSError or HTTPException."""
    parts = urlsplit(base_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", f"{parts.path}/healthz", headers={"Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, _date(response.getheader("Date")), response.getheader(SEAL))
    finally:
        connection.close()


def examine_site(base_url: str, answer: Answer | Exception, seal: str | None) -> Iterator[Finding]:
    """Findings on what ``ask_site`` gave or raised; ``seal`` is ours, if it is known."""
    if not base_url.startswith("https://"):
        yield warning(
            WHAT,
            "NEWSLETTER_BASE_URL is not https: mail readers will show no unsubscribe button.",
        )
    if isinstance(answer, ssl.SSLCertVerificationError):
        yield wrong(
            WHAT,
            f"The certificate of {base_url} is refused ({answer.verify_message}), so nobody can "
            "unsubscribe by one click: renew it.",
        )
    elif isinstance(answer, Exception):
        yield warning(
            WHAT,
            f"{base_url}/healthz does not answer ({answer}), and while it does not nobody can "
            "unsubscribe: start the site, or correct NEWSLETTER_BASE_URL.",
        )
    elif 300 <= answer.status < 400:
        yield wrong(
            WHAT,
            f"{base_url} leads elsewhere ({answer.status}), and a click on unsubscribe may not "
            "(RFC 8058): set NEWSLETTER_BASE_URL to where it leads.",
        )
    elif answer.status != 200:
        yield wrong(
            WHAT,
            f"{base_url}/healthz answers {answer.status}: see that the proxy passes the Host on "
            "and that it is in NEWSLETTER_TRUSTED_HOSTS.",
        )
    elif answer.seal is None:
        yield wrong(
            WHAT,
            f"{base_url}/healthz answers, but it is no newsletter that does, and clicks on "
            "unsubscribe go there: have the proxy hand all of that host on to the site, or correct "
            "NEWSLETTER_BASE_URL.",
        )
    elif seal is not None and answer.seal != seal:
        yield wrong(
            WHAT,
            f"{base_url} is another newsletter, or one with another secret key, so no link of a "
            "mail from here works there: correct NEWSLETTER_BASE_URL, or give both one SECRET_KEY.",
        )
    else:
        yield ok(WHAT, f"{base_url} answers, so a click on unsubscribe will arrive.")


def _date(header: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
