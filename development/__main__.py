"""`make dev`: the site on this machine, loaded again whenever its code is saved.

The newsletter is imported late, and by the process that is started anew: a mistake in it is
shown as a page, and mending it is the next thing that is seen.
"""

import logging
import traceback
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
from werkzeug.serving import is_running_from_reloader, run_simple
from werkzeug.wrappers import Response

from development import CURATOR, MARK, PASSWORD

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"  # and no option for another
WHERE = """
  The site:     http://localhost:{port}/
  The admin:    http://localhost:{port}/admin/   as {curator}, whose password is {password}
  The outbox:   http://localhost:{port}/outbox/
  Its home:     {home}   to begin anew, delete it

Templates are read anew for each request, code when it is saved. Ctrl-C ends it.
"""


@click.command()
@click.argument("home", default="dev", type=click.Path(path_type=Path, resolve_path=True))
@click.option("--port", envvar="PORT", default=8000, type=click.IntRange(1, 65535))
def main(home: Path, port: int) -> None:
    """Serve the newsletter in HOME, which is made if it is not there, to this machine."""
    logging.basicConfig(format="%(levelname)s %(message)s")
    for name in ("newsletter", "werkzeug"):
        logging.getLogger(name).setLevel(logging.INFO)
    if is_running_from_reloader():
        with ExitStack() as until_reloaded:
            _serve(port, _site(home, port, until_reloaded))
        return
    if not (home / MARK).is_file():
        import_module("development.home").make(home)
    click.echo(WHERE.format(port=port, curator=CURATOR, password=PASSWORD, home=home))
    _serve(port, Response())  # holds the port, and starts the process above again and again


def _serve(port: int, app: "WSGIApplication") -> None:
    run_simple(HOST, port, app, threaded=True, use_reloader=True, use_debugger=False)


def _site(home: Path, port: int, until_reloaded: ExitStack) -> "WSGIApplication":
    """The site, or a page that says what is wrong with its code."""
    try:
        app: WSGIApplication = until_reloaded.enter_context(
            import_module("development.site").opened(home, port)
        )
    except Exception:
        traceback.print_exc()
        return Response(traceback.format_exc(), 500, mimetype="text/plain")
    return app


main(prog_name="make dev")
