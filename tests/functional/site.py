"""An installed newsletter with its doors open: pages over HTTP, commands as processes."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from werkzeug.serving import make_server

from newsletter import clock
from newsletter.curators import accounts
from newsletter.db import Base
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.visitor import Visitor
from tests.migrated import migrate

CURATOR = "eve@example.org"
PASSWORD = "a long pass phrase for the test"
ADMINS_OWN = "curator"  # how the tables begin that signing in writes to
# Of what was tried: the task, that it was tried, and that a draft was there and is not.
TRACES = {"task", "audit_entry", "public_change"}


class Site:
    """One installation, as its readers, its curators and its operators meet it."""

    def __init__(self, installation: Installation, environ: dict[str, str]) -> None:
        self.installation = installation
        self._environ = environ | {"PATH": os.environ["PATH"]}

    def visitor(self) -> Visitor:
        return Visitor(self.installation.settings.base_url)

    def curator(self) -> Visitor:
        """Somebody who has signed in."""
        visitor = self.visitor().open("/admin/")
        return visitor.submit("password", address=CURATOR, password=PASSWORD)

    def work(self) -> None:
        """Let a worker run the tasks that are due."""
        run_until_idle(self.installation)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run ``newsletter`` with ``arguments`` as a process of its own."""
        return subprocess.run(
            [*NEWSLETTER, *arguments],
            cwd=REPOSITORY,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def refusal(self, *arguments: str) -> str:
        """The one line with which a command refuses: exit code 1, and nothing was printed."""
        done = self.command(*arguments)
        assert (done.returncode, done.stdout) == (1, ""), done
        (line,) = done.stderr.splitlines()
        assert line.startswith("newsletter: ")
        return line.removeprefix("newsletter: ")

    def rows(self) -> dict[str, list[Any]]:
        """All that the database holds, but for what signing in leaves behind, and the record of
        tasks."""
        with self.installation.db.read() as session:
            return {
                table.name: [tuple(row) for row in session.execute(select(table))]
                for table in Base.metadata.sorted_tables
                if not table.name.startswith(ADMINS_OWN) and table.name not in TRACES
            }


@contextmanager
def open_site(environ: dict[str, str], port: int) -> Iterator[Site]:
    """Serve the newsletter of ``environ`` on loopback, with one owner in it."""
    environ |= {"NEWSLETTER_BASE_URL": f"http://127.0.0.1:{port}", "PORT": str(port)}
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    with installation.db.write() as session:
        accounts.add_curator(session, CURATOR, Role.OWNER, PASSWORD, clock.now())
    server = make_server("127.0.0.1", port, create_app(installation), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(installation, environ)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        installation.db.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
