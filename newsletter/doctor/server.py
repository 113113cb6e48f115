"""The SMTP server that mail is handed to: whether it lets us in, and what it offers."""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.transports.base import Unavailable
from newsletter.transports.smtp.replies import Phase
from newsletter.transports.smtp.transport import SmtpTransport

SECONDS_A_PHASE = 10.0
EXPIRES_SOON = timedelta(days=14)
# What each extension is to us, whose messages are 7-bit: without 8BITMIME none is lost.
LACKS = {
    "PIPELINING": "each message takes four round trips instead of one, so sending is slower",
    "SMTPUTF8": "readers whose address has letters beyond ASCII before the @ get nothing",
}
CURES = {  # by X509_V_ERR_*
    10: "have whoever runs it renew the certificate",
    18: "add ?cafile=PATH with that certificate, if you trust it",
    19: "add ?cafile=PATH with the certificate of the authority that signed it",
    20: "add ?cafile=PATH with the certificate of the authority that signed it",
    62: "give the host in NEWSLETTER_MAIL_URL by a name of its certificate",
    64: "give the host in NEWSLETTER_MAIL_URL by a name of its certificate",
}


@dataclass(frozen=True, slots=True)
class Visit:
    """A connection as it was when it was ready for mail."""

    extensions: Mapping[str, str]
    tls_version: str | None  # None: in the clear
    certificate: Mapping[str, Any]  # as ssl.SSLSocket.getpeercert gives it
    mechanism: str | None  # by which we logged in
    own_address: str
    peer_address: str

    @property
    def is_outside(self) -> bool:
        """Whether the server is out on the internet, so that it sees our public address."""
        return ip_address(self.peer_address).is_global


def visit(transport: SmtpTransport) -> Visit:
    """Open a connection, as for mail, and leave. Raises Unavailable."""
    quick = replace(transport, timeouts=dict.fromkeys(Phase, SECONDS_A_PHASE))
    return asyncio.run(_visit(quick))


async def _visit(transport: SmtpTransport) -> Visit:
    connection = await transport.open()
    wire = connection.wire.transport
    assert wire is not None  # noqa: S101
    tls: ssl.SSLObject | None = wire.get_extra_info("ssl_object")
    login = transport.login
    smtp_visit = Visit(
        extensions=connection.extensions,
        tls_version=tls.version() if tls is not None else None,
        certificate=(tls.getpeercert() if tls is not None else None) or {},
        mechanism=login.mechanism(connection.extensions) if login is not None else None,
        own_address=wire.get_extra_info("sockname")[0],
        peer_address=wire.get_extra_info("peername")[0],
    )
    await connection.quit()
    return smtp_visit


def refusal(error: Unavailable) -> Finding:
    """Why there was no visit, with a cure where a certificate was the reason."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__
    if cause is None:
        return wrong("mail", str(error))
    cure = CURES.get(cause.verify_code, "have whoever runs it mend the certificate")
    return wrong("mail", f"The certificate was refused ({cause.verify_message}): {cure}.")


def examine_visit(
    transport: SmtpTransport, smtp_visit: Visit, octets: int, now: datetime
) -> Iterator[Finding]:
    """Findings on a visit; ``octets`` is the size of our largest message."""
    yield ok("mail", f"it goes to {transport.describe()}.")
    yield _encryption(smtp_visit, now)
    if smtp_visit.mechanism is not None:
        yield ok("login", f"the server lets us in by {smtp_visit.mechanism}.")
    elif transport.port != 25 and smtp_visit.is_outside:
        yield warning(
            "login",
            "NEWSLETTER_MAIL_URL has no user, and a relay on this port mostly wants one: "
            "give smtp://user:password@host.",
        )
    yield from _offers(smtp_visit.extensions, octets)


def _encryption(smtp_visit: Visit, now: datetime) -> Finding:
    if smtp_visit.tls_version is None:
        if ip_address(smtp_visit.peer_address).is_loopback:
            return ok("TLS", "none, and none is needed on this machine.")
        cure = (
            "leave ?tls=none out of NEWSLETTER_MAIL_URL, for the server offers STARTTLS"
            if "STARTTLS" in smtp_visit.extensions
            else "see that nobody else is on the net between, or use a server with TLS"
        )
        return warning("TLS", f"Mail and login can be read by others on the way: {cure}.")
    expires = datetime.fromtimestamp(
        ssl.cert_time_to_seconds(smtp_visit.certificate["notAfter"]), UTC
    )
    names = ", ".join(name for _, name in smtp_visit.certificate.get("subjectAltName", ())[:3])
    about = f"{smtp_visit.tls_version}, with a certificate for {names} until {expires:%Y-%m-%d}"
    if expires - now < EXPIRES_SOON:
        days = max(0, (expires - now).days)
        return warning(
            "TLS", f"{about}, which is in {days} days: have whoever runs the server renew it."
        )
    return ok("TLS", f"{about}.")


def _offers(extensions: Mapping[str, str], octets: int) -> Iterator[Finding]:
    for name, cost in LACKS.items():
        if name not in extensions:
            yield warning("extensions", f"The server offers no {name}: {cost}.")
    yield from _size(extensions.get("SIZE"), octets)
    if "8BITMIME" not in extensions:
        yield ok("extensions", "no 8BITMIME, which costs nothing: our messages are 7-bit.")
    offered = [name for name in (*LACKS, "SIZE", "8BITMIME") if name in extensions]
    yield ok("extensions", f"the server offers {', '.join(offered) or 'none that we use'}.")


def _size(limit: str | None, octets: int) -> Iterator[Finding]:
    """RFC 1870: no number, or 0, is no limit that is known."""
    if limit is None:
        yield ok("extensions", "no SIZE: how large a message may be shows when one is refused.")
    elif limit.isdigit() and 0 < int(limit) < octets:
        yield wrong(
            "extensions",
            f"The server takes messages of {int(limit) / 1e6:.1f} MB, and ours has "
            f"{octets / 1e6:.1f} MB: have the limit raised, or make the charts smaller.",
        )
