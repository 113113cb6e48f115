"""Files that are being read into a dataset, or could not be: stop, try again, drop them."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.services.datasets import unread_files
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import needs
from newsletter.web.context import installation

blueprint = Blueprint("unread", __name__, url_prefix="/datasets/<slug>/files")


@blueprint.post("/cancel")
@needs(Permission.DRAFT)
def cancel(slug: str) -> ResponseReturnValue:
    with flashing("It is asked to stop."), installation().db.write() as session:
        unread_files.cancel_reading(session, slug, current_user.address, clock.now())
    return redirect(url_for("admin.datasets.show", slug=slug))


@blueprint.post("/retry")
@needs(Permission.DRAFT)
def retry(slug: str) -> ResponseReturnValue:
    with flashing("It is read once more."), installation().db.write() as session:
        unread_files.retry_reading(session, slug, current_user.address, clock.now())
    return redirect(url_for("admin.datasets.show", slug=slug))


@blueprint.post("/drop")
@needs(Permission.DRAFT)
def drop(slug: str) -> ResponseReturnValue:
    with flashing("It stays as it was."), installation().db.write() as session:
        unread_files.drop_files(session, slug)
    return redirect(url_for("admin.datasets.show", slug=slug))
