"""Row "unsafe default without a switch", slow clients: without any proxy before the site, who sends
or reads slowly holds nothing that others need."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

from newsletter.host.machine import WEB_THREADS, web_workers
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests import factories
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.site import free_port
from tests.functional.visitor import Visitor
from tests.migrated import migrate

MORE_THAN_THREADS = 2 * web_workers() * WEB_THREADS
SECONDS = 20  # that anybody waits for an answer, on a busy machine
FILE = "/datasets/penguins/v/1.0.0/penguins.csv"
SLOW = {
    "a head that never ends": b"GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: a",
    "a form that never ends": b"POST /subscribe HTTP/1.1\r\nHost: {host}\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999\r\n\r\nemail=a",
    "a large body of a stranger": b"POST /admin/datasets/new HTTP/1.1\r\nHost: {host}\r\n"
    b"Content-Length: 99999999\r\n\r\na",
    "a piece of a stranger": b"PATCH /admin/uploads/x HTTP/1.1\r\nHost: {host}\r\n"
    b"Content-Length: 999\r\n\r\na",
    "a file that is not read": b"GET " + FILE.encode() + b" HTTP/1.1\r\nHost: {host}\r\n\r\n",
    "a part that is not read": b"GET " + FILE.encode() + b" HTTP/1.1\r\nHost: {host}\r\n"
    b"Range: bytes=1-\r\n\r\n",
}


@pytest.fixture
def port(environ: dict[str, str]) -> Iterator[int]:
    """Where a site answers, as an operator runs it."""
    number = free_port()
    given = {"NEWSLETTER_BASE_URL": f"http://127.0.0.1:{number}", "PORT": str(number)}
    environ |= given
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    with opened.db.write() as session:
        version = factories.dataset(session, opened.storage)
        file = opened.storage.path(version.tables[0].files["csv"]["key"])
        _enlarge(file)
    opened.db.close()
    process = subprocess.Popen(
        [*NEWSLETTER, "web"],
        cwd=REPOSITORY,
        env=environ | {"PATH": os.environ["PATH"]},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert any("Listening at" in line for line in process.stderr)
    yield number
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def _enlarge(file: Path) -> None:
    """Let it have more than the systems on either side keep of what is not read, and more than
    the server makes ahead."""
    file.chmod(0o600)
    with file.open("ab") as end:
        end.truncate(64 * 1024 * 1024)


def test_slow_clients_hold_no_thread_of_the_site(port: int) -> None:
    with ExitStack() as stack:
        for begun in SLOW.values():
            for _ in range(MORE_THAN_THREADS):
                slow = stack.enter_context(socket.socket())
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.connect(("127.0.0.1", port))
                slow.sendall(begun.replace(b"{host}", b"127.0.0.1:%d" % port))
        visitor = Visitor(f"http://127.0.0.1:{port}")
        for number in range(5):
            visitor.open("/").submit("email", email=f"reader{number}@example.org")
            answer = requests.post(
                f"http://127.0.0.1:{port}/unsubscribe/none", timeout=SECONDS, proxies={"http": ""}
            )
            assert answer.status_code == 404
        part = requests.get(
            f"http://127.0.0.1:{port}{FILE}",
            headers={"Range": "bytes=3-6", "Accept-Encoding": "identity"},
            timeout=SECONDS,
            proxies={"http": ""},
        )
        assert (part.status_code, part.text) == (206, "cies")
        assert part.headers["Content-Range"].startswith("bytes 3-6/")
