"""Pages that are shown anew while something of them goes on."""

from flask import Response, make_response, render_template

from newsletter.web.security import SCRIPTED, content_security_policy


def live(template: str, **context: object) -> Response:
    """A page whose ``#live`` a script of ours replaces again and again; without scripts the
    browser loads the page again."""
    response = make_response(render_template(template, **context))
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response
