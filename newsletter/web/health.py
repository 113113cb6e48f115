"""Whether this process lives, and whether it can serve."""

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from newsletter import migrations
from newsletter.db import Database
from newsletter.heartbeats.roll_call import RollCall, Standing, call_roll, in_utc
from newsletter.web.context import installation

blueprint = Blueprint("health", __name__)

Answer = tuple[str, int, dict[str, str]]
HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@blueprint.get("/healthz")
def healthz() -> Answer:
    """The process answers; nothing else is asked."""
    return "ok\n", 200, HEADERS


@blueprint.get("/readyz")
def readyz() -> Answer:
    """The database answers and is at the revision of this program. After that line comes how the
    clock and the worker are, which takes no site out of rotation."""
    db = installation().db
    try:
        current = migrations.is_current(db)
        roll = _roll(db) if current else RollCall()
    except SQLAlchemyError:
        return "The database does not answer.\n", 503, HEADERS
    if not current:
        return "The database is not migrated: run `newsletter db upgrade`.\n", 503, HEADERS
    lines = ["ready", *(f"{standing.role}: {_state(standing)}" for standing in roll.standings)]
    return "\n".join([*lines, ""]), 200, HEADERS


def _roll(db: Database) -> RollCall:
    with db.read() as session:
        return call_roll(session)


def _state(standing: Standing) -> str:
    if standing.is_running:
        return "running"
    since = standing.silent_since
    return f"silent since {in_utc(since)}" if since else "not running"
