"""What mail stands on: settings, database, secret key and clock."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from newsletter import faults, migrations
from newsletter.audit.chain import hash_of
from newsletter.curators.identity_provider import Provider, discover
from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.models.audit import AuditEntry
from newsletter.settings import KEY_FILE, Settings

ENTRIES = 20  # of the log, of which one may be altered
KEY_BACK = (
    "put the old one back, from a backup (the file secret_key, or SECRET_KEY); without it every "
    "link in mails that were sent is dead, and who was erased is not recognised"
)
CLOCK_MAY_DIFFER = timedelta(seconds=30)


def examine_settings(settings: Settings) -> Iterator[Finding]:
    if not settings.postal_address:
        yield warning(
            "settings",
            "NEWSLETTER_POSTAL_ADDRESS is empty: bulk mail must carry one in most countries.",
        )
    yield ok("settings", f"the site is {settings.base_url}, mail is from {settings.mail_from}.")


def examine_database(installation: Installation) -> Iterator[Finding]:
    problem = migrations.problem(installation.db)
    if not problem:
        _refuse_damage(installation)
        yield ok("database", f"{installation.db.engine.dialect.name}, up to date.")
    elif installation.db.exists:
        yield wrong("database", problem)
    else:
        yield warning("database", problem)


def _refuse_damage(installation: Installation) -> None:
    """Read all of an SQLite database. Raises DBAPIError, as whatever meets the damage would."""
    if not installation.db.is_sqlite:
        return
    with installation.db.engine.connect() as connection:
        answer = str(connection.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    if answer != "ok":
        raise Refused(f"The database is damaged ({answer.splitlines()[-1]}): {faults.RESTORE}.")


def examine_secret_key(installation: Installation) -> Iterator[Finding]:
    """Whether it is the one that signed what is there, as far as the audit log can say. None is
    made by looking."""
    settings = installation.settings
    with installation.db.read() as session:
        rows = select(AuditEntry).order_by(AuditEntry.number.desc()).limit(ENTRIES)
        entries = session.scalars(rows).all()
    if not settings.secret_key and not (settings.home / KEY_FILE).exists():
        if entries:
            yield wrong("secret key", f"There is none beside the data: {KEY_BACK}.")
        return
    signer = installation.signer
    if not entries or any(entry.hash == hash_of(signer, entry) for entry in entries):
        yield ok("secret key", "it is there.")
    else:
        yield wrong("secret key", f"It is not the one that the data was made with: {KEY_BACK}.")


def examine_identity_provider(settings: Settings) -> Iterator[Finding]:
    """Whether curators can sign in by it; the password and passkeys do without."""
    provider = Provider.of(settings)
    if provider is None:
        return
    try:
        discover(provider)
    except Refused as error:
        yield warning("identity provider", f"{error} Until then curators sign in by password.")
    else:
        yield ok("identity provider", f"{provider.issuer} answers.")


def database_time(installation: Installation) -> datetime | None:
    """What the clock of the database server says; SQLite has none but ours."""
    if installation.db.is_sqlite:
        return None
    try:
        with installation.db.engine.connect() as connection:
            moment = connection.scalar(select(func.clock_timestamp()))
    except SQLAlchemyError:  # a finding of its own
        return None
    return moment.astimezone(UTC) if moment is not None else None


def examine_clock(now: datetime, other: datetime | None, whose: str) -> Iterator[Finding]:
    """Compare ours with another's, if there is one: an issue begins by the clock."""
    if other is None:
        yield ok("clock", f"it is {now:%Y-%m-%d %H:%M:%S} UTC here; there is none to compare with.")
        return
    apart = abs(now - other)
    if apart > CLOCK_MAY_DIFFER:
        yield warning(
            "clock",
            f"It is {now:%Y-%m-%d %H:%M:%S} UTC here and {apart.total_seconds():.0f} s apart from "
            f"{whose}: let both keep time by NTP.",
        )
    else:
        yield ok("clock", f"it agrees with {whose}.")
