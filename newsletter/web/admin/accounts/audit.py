"""Owners' page: who changed what, filtered, and as a file."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from newsletter.audit import reading
from newsletter.audit.reading import Filter
from newsletter.curators.permissions import Permission
from newsletter.web.auth import needs
from newsletter.web.context import installation, page_number

blueprint = Blueprint("audit", __name__, url_prefix="/audit")

YEARS = range(2000, 2200)  # in any time zone, and in any database


@blueprint.get("/")
@needs(Permission.AUDIT)
def index() -> ResponseReturnValue:
    chosen = _chosen()
    with installation().db.read() as session:
        page = reading.page(session, chosen, page_number())
        return render_template(
            "admin/audit.html",
            page=page,
            changes={entry.number: json.loads(entry.changes) for entry in page.rows},
            people=reading.people(session),
            chosen=chosen,
            query=_query(),
        )


@blueprint.get("/export.<form>")
@needs(Permission.AUDIT)
def export(form: str) -> Response:
    """All that the filter leaves, as it is read."""
    if form not in reading.FORMATS:
        abort(404)
    opened, chosen = installation(), _chosen()

    def lines() -> Iterator[str]:
        with opened.db.read() as session:
            yield from reading.lines(session, chosen, form)

    response = Response(lines(), mimetype=reading.FORMATS[form])
    response.headers["Content-Disposition"] = f"attachment; filename=audit.{form}"
    return response


def _query() -> dict[str, str]:
    """The filter as an address carries it."""
    names = ("q", "who", "since", "until")
    return {name: request.args[name][:320] for name in names if request.args.get(name)}


def _chosen() -> Filter:
    query = _query()
    until = _begin_of(query.get("until", ""))
    return Filter(
        words=query.get("q", "")[:200],
        who=query.get("who", ""),
        since=_begin_of(query.get("since", "")),
        until=until + timedelta(days=1) if until else None,
    )


def _begin_of(day: str) -> datetime | None:
    """The first moment of a day of the list's calendar; None: it is no day."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return None
    if on.year not in YEARS:
        return None
    return datetime.combine(on, time(), installation().settings.timezone)
