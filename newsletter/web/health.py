"""Whether this process lives, and whether it can serve."""

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from newsletter import migrations
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
    """The database answers and is at the revision of this program."""
    try:
        current = migrations.is_current(installation().db)
    except SQLAlchemyError:
        return "The database does not answer.\n", 503, HEADERS
    if not current:
        return "The database is not migrated: run `newsletter db upgrade`.\n", 503, HEADERS
    return "ready\n", 200, HEADERS
