"""The whole examination, in the order in which one would mend what it finds."""

from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPException
from ipaddress import ip_address

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newsletter.doctor.backups import examine_backups, examine_sending
from newsletter.doctor.dns_lookup import Dns
from newsletter.doctor.files import (
    examine_disks,
    examine_home,
    examine_storage,
    examine_stored_files,
)
from newsletter.doctor.findings import Finding, State, guarded, ok, warning
from newsletter.doctor.mail_domain import examine_domain
from newsletter.doctor.processes import examine_issues, examine_processes
from newsletter.doctor.reverse_name import examine_reverse_name
from newsletter.doctor.server import Visit, examine_visit, refusal, visit
from newsletter.doctor.site import Answer, ask_site, examine_site
from newsletter.doctor.system import (
    database_time,
    examine_clock,
    examine_database,
    examine_identity_provider,
    examine_secret_key,
    examine_settings,
)
from newsletter.installation import Installation
from newsletter.models.issue import Issue
from newsletter.settings import KEY_FILE
from newsletter.tokens import seal_of
from newsletter.transports import open_transport
from newsletter.transports.base import Transport, Unavailable
from newsletter.transports.maildir import MaildirTransport
from newsletter.transports.smtp.transport import SmtpTransport

MESSAGE_OCTETS = 300_000  # before any issue was sent: 90 KB of HTML, its text and its charts


def examine(installation: Installation, dns: Dns, now: datetime) -> Iterator[Finding]:
    """Each finding as it is made; none stops the others."""
    settings = installation.settings
    yield from examine_settings(settings)
    yield from guarded("disk", examine_disks(installation))
    yield from guarded("home", examine_home(settings))
    yield from guarded("storage", examine_storage(installation))
    can_be_asked = False
    for finding in guarded("database", examine_database(installation)):
        can_be_asked = finding.state is State.OK
        yield finding
    if can_be_asked:  # else that is to be mended first, and each of these would only repeat it
        yield from guarded("secret key", examine_secret_key(installation))
        yield from guarded("files", examine_stored_files(installation))
        yield from guarded("processes", examine_processes(installation))
        yield from guarded("issues", examine_issues(installation, now))
        yield from guarded("sending", examine_sending(installation))
        yield from guarded("backups", examine_backups(installation, now))
    yield from guarded("identity provider", examine_identity_provider(settings))
    yield from guarded("mail", _mail(installation, dns, now))


def _mail(installation: Installation, dns: Dns, now: datetime) -> Iterator[Finding]:
    settings = installation.settings
    transport = open_transport(settings.mail_url, settings.host)
    if isinstance(transport, MaildirTransport):
        yield ok(
            "mail",
            f"it goes to {transport.describe()} and no further: DNS and site are not looked at.",
        )
        yield from guarded("clock", _clock(installation, None, now))
        return
    smtp_visit = None
    if isinstance(transport, SmtpTransport):
        try:
            smtp_visit = visit(transport)
        except Unavailable as unavailable:
            yield refusal(unavailable)
        else:
            octets = _message_octets(installation)
            yield from guarded("mail", examine_visit(transport, smtp_visit, octets, now))
    else:
        yield ok("mail", f"it goes to {transport.describe()}.")
    address = _public_address(transport, smtp_visit)
    yield from guarded("DNS", examine_domain(settings, dns, address))
    if address is not None:
        yield from guarded("reverse name", examine_reverse_name(address, settings.host, dns))
    elif smtp_visit is not None and _goes_straight(transport, smtp_visit):
        yield warning(
            "reverse name",
            f"Mail leaves from {smtp_visit.own_address}, behind an address that is not known here: "
            f"see that the outer one has a PTR record to {settings.host}, and back.",
        )
    yield from _site(installation, now)


def _site(installation: Installation, now: datetime) -> Iterator[Finding]:
    answer: Answer | Exception
    try:
        answer = ask_site(installation.settings.base_url)
    except (OSError, HTTPException) as error:
        answer = error
    yield from examine_site(installation.settings.base_url, answer, _seal(installation))
    date = answer.date if isinstance(answer, Answer) else None
    yield from guarded("clock", _clock(installation, date, now))


def _seal(installation: Installation) -> str | None:
    """What the site shows of its key. No key is made by looking."""
    settings = installation.settings
    is_there = settings.secret_key or (settings.home / KEY_FILE).exists()
    return seal_of(installation.signer) if is_there else None


def _clock(
    installation: Installation, site_date: datetime | None, now: datetime
) -> Iterator[Finding]:
    database = database_time(installation)
    if database is not None:
        yield from examine_clock(now, database, "the database server")
    else:
        yield from examine_clock(now, site_date, installation.settings.base_url)


def _goes_straight(transport: Transport, smtp_visit: Visit) -> bool:
    """To port 25 of a host on the internet, without a login: no relay of ours."""
    return (
        isinstance(transport, SmtpTransport)
        and transport.port == 25
        and not transport.user
        and smtp_visit.is_outside
    )


def _public_address(transport: Transport, smtp_visit: Visit | None) -> str | None:
    """From where mail leaves, if it goes straight to its readers' servers."""
    if smtp_visit is None or not _goes_straight(transport, smtp_visit):
        return None
    return smtp_visit.own_address if ip_address(smtp_visit.own_address).is_global else None


def _message_octets(installation: Installation) -> int:
    """The size of our largest message; MESSAGE_OCTETS if none was made yet."""
    try:
        with installation.db.engine.connect() as connection:
            largest: int | None = connection.scalar(select(func.max(func.length(Issue.message))))
    except SQLAlchemyError:  # a finding of its own
        return MESSAGE_OCTETS
    return largest or MESSAGE_OCTETS
