"""What every response promises the browser, and which requests are heard at all."""

from collections.abc import Mapping

from flask import Flask, Response, request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted

from newsletter.installation import Installation

# Of a public request: forms of a few fields. The admin allows itself more (web.auth).
BODY_BYTES = 256 * 1024
FORM_BYTES = 64 * 1024
FORM_PARTS = 50

CSP = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# A document that we did not write the markup of: it is shown, and it can do nothing. Its
# styles are inline as in the mail; links open, scripts and forms do not exist.
FOREIGN_DOCUMENT = {
    "style-src": "'unsafe-inline'",
    "form-action": "'none'",
    "sandbox": "allow-popups allow-popups-to-escape-sandbox",
}
# A page that changes in place, by scripts of our own that are files.
SCRIPTED = {"script-src": "'self'", "connect-src": "'self'"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HSTS = "max-age=31536000"


def content_security_policy(changes: Mapping[str, str]) -> str:
    """The site's policy with some directives replaced or added."""
    return "; ".join(f"{name} {value}" for name, value in (CSP | dict(changes)).items())


def protect(app: Flask, installation: Installation) -> None:
    """Set the limits and the headers of ``app``, and the names that it answers to."""
    settings = installation.settings
    app.config.update(
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
    )

    @app.before_request
    def refuse_unknown_forwarded_hosts() -> None:
        # TRUSTED_HOSTS covers Host. The forwarded one is never read, and a name in it that
        # is not ours means a proxy set up wrongly, or somebody who tries.
        claimed = request.headers.get("X-Forwarded-Host")
        for host in claimed.split(",") if claimed else ():
            if not host_is_trusted(host.strip(), settings.trusted_hosts):
                raise SecurityError(f"X-Forwarded-Host {host.strip()!r} is not trusted")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", content_security_policy({}))
        response.headers.setdefault("Cache-Control", "no-cache")
        if settings.is_https:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        return response
