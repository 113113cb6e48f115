"""What every response promises the browser, and which requests are heard at all."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, request
from werkzeug.exceptions import SecurityError
from werkzeug.sansio.utils import host_is_trusted

from newsletter.installation import Installation

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ITSELF = "localhost"  # what the site is called behind its door, by whatever name it was asked
AT_ANY_HOST = ("/healthz", "/readyz")  # a balancer asks them at an address
IPV6 = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?")

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
    app.wsgi_app = _OneHost(app.wsgi_app, settings.trusted_hosts)  # type: ignore[method-assign]
    app.config.update(
        TRUSTED_HOSTS=[ITSELF, *settings.trusted_hosts],
        MAX_CONTENT_LENGTH=BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=FORM_PARTS,
    )

    @app.before_request
    def refuse_unknown_forwarded_hosts() -> None:
        # TRUSTED_HOSTS covers Host. The forwarded one is never read, and a name in it that
        # is not ours means a proxy set up wrongly, or somebody who tries.
        claimed = request.headers.get("X-Forwarded-Host")
        for host in claimed.split(",") if claimed and request.path not in AT_ANY_HOST else ():
            if not is_trusted(host.strip(), settings.trusted_hosts):
                raise SecurityError(f"X-Forwarded-Host {host.strip()!r} is not trusted")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", content_security_policy({}))
        response.headers.setdefault("Cache-Control", "no-cache")
        if settings.is_https:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if response.location:
            response.location = _without_host(response.location)
        return response


@lru_cache(maxsize=256)
def is_trusted(host: str, trusted: tuple[str, ...]) -> bool:
    """Whether ``host``, however it is capitalised and with a port or without, is one of the names
    and addresses in ``trusted``."""
    if literal := IPV6.fullmatch(host):
        return literal[1].lower() in {name.strip("[]") for name in trusted}
    names = [name for name in trusted if name.count(":") < 2]
    return host_is_trusted(host.lower(), [ITSELF, *names])  # of none it would trust all


class _OneHost:
    """Gives whatever asks by a name of ours, or for a health check, which asks an address, one
    and the same name: no other is known behind here, and none gets into an address."""

    def __init__(self, app: "WSGIApplication", trusted: tuple[str, ...]) -> None:
        self._app = app
        self._trusted = trusted

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        is_for_anyone = environ.get("PATH_INFO") in AT_ANY_HOST
        if is_for_anyone or is_trusted(environ.get("HTTP_HOST", ""), self._trusted):
            environ["HTTP_HOST"] = ITSELF
        return self._app(environ, start_response)


def _without_host(location: str) -> str:
    """What a redirect within the site says, without scheme and host: TLS may end before us."""
    parts = urlsplit(location)
    if parts.netloc != ITSELF:  # with a port it is another's, on the same machine
        return location
    return urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, parts.fragment))
