"""An issue as a reader will get it, shown where it can do nothing.

The HTML is a document of its own under a policy of its own: sandboxed, framed
by the admin alone, its chart inside it.
"""

from flask import Blueprint, Response, make_response
from flask.typing import ResponseReturnValue

from newsletter.curators.permissions import Permission
from newsletter.services.previews import preview_of
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy

blueprint = Blueprint("previews", __name__, url_prefix="/issues")

POLICY = FOREIGN_DOCUMENT | {"img-src": "'self' data:", "frame-ancestors": "'self'"}


@blueprint.get("/<day>/preview.html")
@needs(Permission.LOOK)
def html(day: str) -> Response:
    shown = preview_of(installation(), day)
    response = make_response(shown.html or shown.problem)
    if not shown.html:
        response.mimetype = "text/plain"
    response.headers["Content-Security-Policy"] = content_security_policy(POLICY)
    return response


@blueprint.get("/<day>/preview.txt")
@needs(Permission.LOOK)
def text(day: str) -> ResponseReturnValue:
    shown = preview_of(installation(), day)
    return shown.text or shown.problem, {"Content-Type": "text/plain; charset=utf-8"}
