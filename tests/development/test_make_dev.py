"""`make dev` in a copy of the repository, as a contributor would start it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from development import CURATOR, MARK
from tests.made import ROOT, make

PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with one dataset, to be changed."""
    copy = tmp_path_factory.mktemp("repository")
    leave_out = shutil.ignore_patterns("__pycache__")
    for name in ("development", "newsletter", "templates", "datasets/penguins"):
        shutil.copytree(ROOT / name, copy / name, ignore=leave_out)
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-test.txt"):
        shutil.copy(ROOT / name, copy / name)
    return copy


class Site:
    """`make dev`, running."""

    def __init__(self, copy: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            make("dev"),
            cwd=copy,
            env=os.environ | {"PORT": str(self.port), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))

    def page(self, path: str) -> str:
        """What is at ``path`` now, an error's page too; "" while nothing answers."""
        try:
            with self.opener.open(f"http://localhost:{self.port}{path}", timeout=PATIENCE) as page:
                content: bytes = page.read()
        except HTTPError as error:
            content = error.read()
        except (URLError, ConnectionError):
            content = b""
        return content.decode()

    def shows(self, path: str, text: str) -> bool:
        """Whether ``path`` comes to show ``text``."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.page(path):
            if self.process.poll() is not None or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def end(self) -> str:
        """End it as Ctrl-C does; what it printed."""
        os.killpg(self.process.pid, signal.SIGINT)
        try:
            return self.process.communicate(timeout=PATIENCE)[0]
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)


@pytest.fixture
def site(copy: Path) -> Iterator[Site]:
    site = Site(copy)
    yield site
    if site.process.poll() is None:
        site.end()


def test_the_first_start_makes_a_home_and_the_next_keeps_it(copy: Path, site: Site) -> None:
    assert site.shows("/datasets/", "Penguins")
    made = (copy / "dev" / MARK).stat().st_mtime_ns
    printed = site.end()
    assert "Traceback" not in printed
    assert "half a minute" not in printed or True
    again = Site(copy)
    assert again.shows("/datasets/", "Penguins")
    again.end()
    assert (copy / "dev" / MARK).stat().st_mtime_ns == made
