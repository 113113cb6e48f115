"""Whether there is a backup of last night, and whether this is one that must not send yet."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from newsletter.backups import nightly, permission
from newsletter.doctor.findings import Finding, ok, warning, wrong
from newsletter.installation import Installation

MAY_BE_OLD = timedelta(days=2)  # by its date: that of last night is of today or yesterday


def examine_sending(installation: Installation) -> Iterator[Finding]:
    with installation.db.read() as session:
        if not permission.may_send(session):
            yield wrong("sending", permission.HELD)


def examine_backups(installation: Installation, now: datetime) -> Iterator[Finding]:
    settings = installation.settings
    if not settings.backups:
        yield warning("backups", "NEWSLETTER_BACKUPS is 0: see that something else makes some.")
        return
    if not nightly.can_be_made(installation.db):
        yield warning(
            "backups",
            "There is no pg_dump, so the clock makes none: install the client programs of the "
            "server's version, or have the server backed up and set NEWSLETTER_BACKUPS=0.",
        )
        return
    newest = next((day for day, _ in nightly.kept(settings)), None)
    today = now.astimezone(settings.timezone).date()
    if newest is not None and today - newest < MAY_BE_OLD:
        yield ok("backups", f"the newest is of {newest}, in {settings.backup_folder}.")
    elif newest is None and _is_new(installation, now):
        yield ok("backups", f"the first is made tonight, in {settings.backup_folder}.")
    else:
        # The clock may be on another machine, with a folder of its own.
        kind = wrong if installation.db.is_sqlite else warning
        age = "There is none" if newest is None else f"The newest is of {newest}"
        yield kind(
            "backups",
            f"{age} in {settings.backup_folder}, and the clock makes one each night: see what its "
            "log says of back_up_nightly, and `newsletter clock --once`.",
        )


def _is_new(installation: Installation, now: datetime) -> bool:
    with installation.db.read() as session:
        since = permission.granted_at(session)
    return since is None or now - since < MAY_BE_OLD
