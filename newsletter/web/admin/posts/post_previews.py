"""A post as a reader will see it, shown where it can do nothing.

A document of its own under a policy of its own: sandboxed, framed by the admin alone. It has
no origin there, so no cookie goes with what it asks for: its figures are inside it.
"""

import base64

from flask import Blueprint, Response, make_response, render_template

from newsletter.curators.permissions import Permission
from newsletter.posts import posts
from newsletter.posts.cells import Figure
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy
from newsletter.web.site.posts.post_cells import shown_cells
from newsletter.web.site.posts.posts import last_run

blueprint = Blueprint("post_previews", __name__, url_prefix="/posts")

POLICY = FOREIGN_DOCUMENT | {
    "style-src": "'self'",
    "img-src": "data:",
    "frame-ancestors": "'self'",
}


@blueprint.get("/<post>/preview.html")
@needs(Permission.LOOK)
def html(post: str) -> Response:
    opened = installation()
    with opened.db.read() as session:
        shown_post = posts.get(session, post)
        page = render_template(
            "admin/post_preview.html",
            post=shown_post,
            cells=shown_cells(shown_post, opened.settings.base_url, _inside),
            run=last_run(shown_post),
        )
    response = make_response(page)
    response.headers["Content-Security-Policy"] = content_security_policy(POLICY)
    return response


def _inside(_: int, figure: Figure) -> str:
    with installation().storage.open(figure.key) as file:
        return f"data:image/png;base64,{base64.b64encode(file.read()).decode()}"
