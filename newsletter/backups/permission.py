"""Whether this database may send. One that was put back from a backup, or copied with its home,
would mail again what the other has mailed since: nothing goes out of it until somebody says so."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from newsletter.db.place import place_of
from newsletter.models.delivery import SendingPermission

HELD = (
    "Nothing is sent: this database was put back from a backup, or copied. See that the other one "
    "does not send any more and what is under way (`newsletter issue list`), then "
    "`newsletter sending allow`."
)


def may_send(session: Session) -> bool:
    permission = session.get(SendingPermission, 1)
    return permission is not None and permission.place == place_of(session.connection())


def granted_at(session: Session) -> datetime | None:
    """Since when; None: it may not."""
    permission = session.get(SendingPermission, 1)
    return permission.granted_at if permission is not None and may_send(session) else None


def allow(session: Session, now: datetime) -> None:
    """Let it send from now on."""
    place = place_of(session.connection())
    session.merge(SendingPermission(id=1, place=place, granted_at=now))


def take_away(session: Session) -> None:
    session.execute(delete(SendingPermission))
