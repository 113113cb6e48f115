"""Whether this process lives, and whether it can serve."""

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from newsletter import migrations
from newsletter.backups import permission
from newsletter.db import Database
from newsletter.heartbeats import roll_call
from newsletter.heartbeats.roll_call import RollCall, call_roll, in_utc
from newsletter.migrations import Standing
from newsletter.tokens import SEAL, seal_of
from newsletter.web.context import installation

blueprint = Blueprint("health", __name__)

Answer = tuple[str, int, dict[str, str]]
NEWER = "database: of a newer version; upgrade this process, too"
HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@blueprint.get("/healthz")
def healthz() -> Answer:
    """The process answers; nothing else is asked. Whose site it is, `newsletter doctor` sees."""
    return "ok\n", 200, {**HEADERS, SEAL: seal_of(installation().signer)}


@blueprint.get("/readyz")
def readyz() -> Answer:
    """The database answers and is at the revision of this program, or of a newer one beside which
    this one ends its days. After that line comes how the clock and the worker are, which takes no
    site out of rotation."""
    db = installation().db
    try:
        standing = migrations.standing(db)
        is_ready = standing in (Standing.CURRENT, Standing.AHEAD)
        roll, is_held = _roll(db) if is_ready else (RollCall(), False)
    except SQLAlchemyError:
        return "The database does not answer.\n", 503, HEADERS
    if not is_ready:
        return "The database is not migrated: run `newsletter db upgrade`.\n", 503, HEADERS
    first = "ready" if standing is Standing.CURRENT else f"ready\n{NEWER}"
    lines = [first, *(f"{process.role}: {_state(process)}" for process in roll.standings)]
    if is_held:
        lines.append("sending: held, as this is a copy")
    return "\n".join([*lines, ""]), 200, HEADERS


def _roll(db: Database) -> tuple[RollCall, bool]:
    """Who runs, and whether nothing is sent because this is a copy."""
    with db.read() as session:
        return call_roll(session), not permission.may_send(session)


def _state(process: roll_call.Standing) -> str:
    if process.is_running:
        return "running"
    since = process.silent_since
    return f"silent since {in_utc(since)}" if since else "not running"
