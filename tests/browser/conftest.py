"""A real Chromium, and the site served to it on this machine."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread

import pytest
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests.migrated import migrate

QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")  # while it runs, this thread can run no event loop of its own
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield launched
        launched.close()


@pytest.fixture
def host() -> str:
    """What the site of this machine is called."""
    return "127.0.0.1"


@pytest.fixture
def installation(settings: Settings, host: str) -> Iterator[Installation]:
    """A site of this machine at a free port, running; empty, for the test to fill."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        here = replace(settings, base_url=f"http://{host}:{port}", trusted_hosts=(host,))
        opened = Installation.open(here)
        migrate(opened.db)
        server = make_server(
            "127.0.0.1", port, create_app(opened), threaded=True, fd=listening.fileno()
        )
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield opened
        server.shutdown()
        thread.join()
        server.server_close()
        opened.db.close()
