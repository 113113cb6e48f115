"""The site and the admin on a home for development, for who sits at this machine.

The admin opens without a password being typed. So this is no mode of the newsletter that a
server could be started in by mistake: it is not in what is installed, it opens homes that were
made for it and no others, and it hears the machine itself alone. A page of the web that a
developer visits cannot talk to it either: what its own name is made to point to ("DNS
rebinding") is refused by that name.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path

from flask import Flask, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.sansio.utils import host_is_trusted

from development import CURATOR, MARK
from newsletter import clock, migrations
from newsletter.cli import demo
from newsletter.curators import accounts, logins
from newsletter.engine.process_group import running_in_threads
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.settings import LOOPBACK
from newsletter.web import auth
from newsletter.web.context import installation
from newsletter.web.responses.page_cache import PageCache
from newsletter.web.server import demo_app

# What a proxy or a tunnel adds, which would carry the world in as if it were this machine.
FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


@contextmanager
def opened(home: Path, port: int) -> Iterator[Flask]:
    """The app of ``home``, with its clock and its worker while the block runs."""
    installation = Installation.open(demo.settings_for(home, {"PORT": str(port)}))
    app = create_dev_app(installation)
    migrations.upgrade(installation.db)
    with running_in_threads(installation):
        yield app


def create_dev_app(installation: Installation) -> Flask:
    """The app of an installation, its templates and static files read anew for each request.

    Raises Refused for a home that was not made for development.
    """
    home = installation.settings.home
    if not (home / MARK).is_file():
        raise Refused(f"{home} was not made for development: it has no {MARK}.")
    app = demo_app(installation)
    app.jinja_env.auto_reload = True
    app.extensions["page_cache"] = PageCache(room=0)
    app.before_request(_hear_this_machine_alone)
    app.before_request(_sign_in)
    return app


def _hear_this_machine_alone() -> ResponseReturnValue | None:
    is_here = ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104
    is_carried = any(name in request.headers for name in FORWARDED)
    # The Host header itself, whatever an installation may be set to answer to.
    if is_here and not is_carried and host_is_trusted(request.environ.get("HTTP_HOST"), LOOPBACK):
        return None
    return Response("This site is for the machine that it runs on.\n", 403, mimetype="text/plain")


def _sign_in() -> ResponseReturnValue | None:
    """Who was sent to sign in, on the way to a page of the admin, is signed in and sent on.

    The form for it is still at its own address, and after signing out.
    """
    wanted = request.args.get("next")
    is_asked = request.endpoint == "admin.login.sign_in" and request.method == "GET"
    if not is_asked or wanted is None or current_user.is_authenticated:
        return None
    with installation().db.write() as session:
        curator = accounts.find(session, CURATOR)
        if curator is None:
            return None
        auth.enter(curator, logins.open_session(session, curator.id, clock.now()))
    return redirect(auth.safe_next(wanted))
