"""Who reads: searching the list, and how many there are of each status."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from newsletter.audience import directory
from newsletter.models.subscriber import Status
from newsletter.web.context import installation, page_number

blueprint = Blueprint("subscribers", __name__, url_prefix="/subscribers")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    words = request.args.get("q", "")[:200]
    chosen = request.args.get("status", "")
    status = Status(chosen) if chosen in set(Status) else None
    with installation().db.read() as session:
        return render_template(
            "admin/subscribers.html",
            counts=directory.counts(session),
            page=directory.listing(session, words, status, page_number()),
            words=words,
            status=status,
        )
