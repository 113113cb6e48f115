"""`make dev`, and `make demo`, in a copy of the repository, as a contributor would start it."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from http.client import IncompleteRead
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from development import CURATOR, MARK
from tests.makefile import ROOT, environ, make

PATIENCE = 60  # seconds, on a busy machine
pytestmark = pytest.mark.xdist_group("make-dev")  # they share one site


def read_whole(answer: HTTPError) -> bytes:
    """Its body; nothing of one that ended half-way, as the server starts anew."""
    try:
        return answer.read()
    except IncompleteRead:
        return b""


class Site:
    """`make dev` or `make demo`, running in a copy of the repository."""

    def __init__(self, copy: Path, target: str = "dev") -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.copy = copy
        self.browser = build_opener(HTTPCookieProcessor(CookieJar()))
        self.log = copy / f"{self.port}.log"  # a pipe that nobody reads would stop it
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                make(target),
                cwd=copy,
                env=environ(PORT=str(self.port), PYTHONPATH=str(copy)),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def page(self, path: str) -> str:
        """What is at ``path``, an error's page too; nothing while nobody answers."""
        try:
            address = f"http://localhost:{self.port}{path}"
            with self.browser.open(address, timeout=PATIENCE) as answer:
                content: bytes = answer.read()
        except HTTPError as error:
            content = read_whole(error)
        except OSError:
            content = b""
        return content.decode()

    def comes_to_show(self, path: str, text: str) -> bool:
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
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return self.log.read_text()


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with one dataset, to be changed."""
    copy = tmp_path_factory.mktemp("repository")
    for name in ("development", "newsletter", "templates", "datasets/penguins"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def home(copy: Path) -> Path:
    """The home that the first start made."""
    first = Site(copy)
    is_served = first.comes_to_show("/datasets/", "penguins of the Palmer")
    printed = first.end()
    assert is_served, printed
    assert "8 candidates = 8 sent" in printed
    assert "Traceback" not in printed
    return copy / "dev"


@pytest.fixture(scope="module")
def site(copy: Path, home: Path) -> Iterator[Site]:
    """The site, started again on the home that it has."""
    made = (home / MARK).stat().st_mtime_ns
    again = Site(copy)
    yield again
    printed = again.end()
    assert "A home for development is made" not in printed
    assert (home / MARK).stat().st_mtime_ns == made


def _change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_it_serves_the_kept_home_and_the_admin_is_open(site: Site) -> None:
    assert site.comes_to_show("/datasets/", "penguins of the Palmer")
    assert CURATOR in site.page("/admin/")


def test_it_is_bound_to_this_machine_alone(site: Site) -> None:
    assert site.comes_to_show("/readyz", "ready")
    with socket.socket() as other:  # a second address of this machine, where it is not heard
        assert other.connect_ex(("127.0.0.2", site.port)) != 0


def test_a_changed_word_in_a_template_is_seen_at_the_next_request(site: Site) -> None:
    assert site.comes_to_show("/datasets/", "penguins of the Palmer")
    assert "Dataset Diary" not in site.page("/")
    _change(
        site.copy / "templates/site/home.html",
        "{% block content %}",
        "{% block content %}Dataset Diary",
    )
    assert "Dataset Diary" in site.page("/")


def test_changed_code_is_seen_once_it_is_saved(site: Site) -> None:
    assert site.comes_to_show("/readyz", "ready")
    _change(site.copy / "newsletter/web/health.py", '"ready', '"prepared')
    assert site.comes_to_show("/readyz", "prepared")


def test_a_mistake_is_shown_and_mending_it_is_enough(site: Site) -> None:
    module = site.copy / "newsletter/web/app.py"
    right = module.read_text()
    assert site.comes_to_show("/", "penguins of the Palmer")
    module.write_text(f"{right}\nthis is no Python\n")
    assert site.comes_to_show("/", "SyntaxError")
    module.write_text(right)
    assert site.comes_to_show("/", "penguins of the Palmer")


def test_make_demo_serves_what_it_made(copy: Path) -> None:
    demo = Site(copy, "demo")
    is_served = demo.comes_to_show("/outbox/", "ada@example.org")
    printed = demo.end()
    assert is_served, printed
    assert "8 candidates = 8 sent" in printed
    assert (copy / "demo" / "newsletter.db").is_file()
