"""A large CSV brought by the admin while readers browse, and the web process killed meanwhile.

The processes are those of an installation: `newsletter web` and `newsletter worker`. The home is
that of the tests: 260 Mondays, 200 datasets, 800 posts. The file goes packed, as the form takes
less than that in one piece; it is read as large as it is.
"""

import argparse
import gzip
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import accounts
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.services.unread_files import unread_files
from newsletter.settings import Settings
from tests import large_home
from tests.functional.site import free_port
from tests.functional.visitor import Visitor

READERS = 50
THINK_SECONDS = 2.0  # between two pages of a reader, on average
PAGES = ("/", "/issues/", "/datasets/", "/datasets/penguins", "/posts/", "/feed.atom")
ADDRESS, PASSWORD, SLUG = "bench@example.org", "a long pass phrase for the benchmark", "weather"
WORDS = {
    "slug": SLUG,
    "title": "Weather of many stations",
    "summary": "One row a station and day, as it was measured",
    "description": "Each row is one day of weather at one of nine hundred stations, measured.",
}
KILL_AT = 30  # percent read, at which the web process is killed
MOST_SECONDS = 600


@dataclass
class Browsing:
    """What the readers met: how long each answer took, and what was not answered."""

    port: int
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def read(self, seed: int) -> None:
        chance = random.Random(seed)
        self.stop.wait(chance.random() * THINK_SECONDS)
        while not self.stop.wait(chance.uniform(0, 2 * THINK_SECONDS)):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            began = time.perf_counter()
            try:
                connection.request("GET", chance.choice(PAGES))
                connection.getresponse().read()
                self.seconds.append(time.perf_counter() - began)
            except OSError:
                self.unanswered += 1
            finally:
                connection.close()

    @contextmanager
    def by(self, readers: int) -> Iterator[None]:
        threads = [threading.Thread(target=self.read, args=(seed,)) for seed in range(readers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def percentile(self, percent: float) -> float:
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=300)
    options.add_argument("--readers", type=int, default=READERS)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = free_port()
        environ = _environ(Path(folder, "home"), port)
        opened = large_home.copied(large_home.LARGE, Settings.load(environ))
        with opened.db.write() as session:
            accounts.add_curator(session, ADDRESS, Role.OWNER, PASSWORD, clock.now())
        packed, size = _packed(Path(folder, "weather.csv.gz"), chosen.megabytes * 10**6)
        print(f"{size:,} bytes of CSV, packed {packed.stat().st_size:,}", flush=True)
        with _process("worker", environ):
            print(json.dumps(_bring(opened, environ, port, packed, chosen.readers)))


def _bring(
    opened: Installation, environ: dict[str, str], port: int, packed: Path, readers: int
) -> dict[str, object]:
    browsing = Browsing(port)
    with _web(environ, port) as web:
        curator = Visitor(f"http://127.0.0.1:{port}").open("/admin/")
        curator.submit("password", address=ADDRESS, password=PASSWORD)
        with browsing.by(readers):
            time.sleep(THINK_SECONDS)
            began = time.monotonic()
            file = (packed.name, packed.read_bytes())
            typed: dict[str, Any] = {**WORDS, "tables-0-file": file}
            curator.open("/admin/datasets/new").submit("slug", **typed)
            saved = time.monotonic() - began
            seen = _watch(opened, lambda percent: percent >= KILL_AT)
            os.killpg(web.pid, signal.SIGKILL)
            web.wait()
            with _web(environ, port):
                seen += _watch(opened, lambda _: False)
                seconds = time.monotonic() - began
    with opened.db.read() as session:
        tables = datasets.newest(session, SLUG).tables
    return {
        "p99_ms": round(browsing.percentile(99), 1),
        "p50_ms": round(browsing.percentile(50), 1),
        "ended": bool(tables),
        "rows": sum(table.rows for table in tables),
        "requests": len(browsing.seconds),
        "unanswered_while_web_was_dead": browsing.unanswered,
        "saved_s": round(saved, 1),
        "seconds": round(seconds, 1),
        "progress_only_forward": seen == sorted(seen),
    }


def _watch(opened: Installation, enough: Callable[[int], bool]) -> list[int]:
    """The percents that the task says, until it is finished or one is ``enough``."""
    seen: list[int] = []
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        with opened.db.read() as session:
            unread = unread_files(session, datasets.get(session, SLUG))
        if unread is None or not unread.goes_on:
            return seen
        task = unread.task
        seen.append(task.done if task else 0)
        if enough(seen[-1]):
            return seen
        time.sleep(0.2)
    raise SystemExit(f"It was not read in {MOST_SECONDS} seconds.")


@contextmanager
def _web(environ: dict[str, str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`newsletter web`, once it answers."""
    with _process("web", environ) as process:
        while True:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                connection.request("GET", "/")
                connection.getresponse().read()
            except OSError:
                time.sleep(0.05)
            else:
                break
        yield process


@contextmanager
def _process(name: str, environ: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "newsletter", name]
    process = subprocess.Popen(command, env=environ, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _environ(home: Path, port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_BASE_URL": f"http://127.0.0.1:{port}",
        "NEWSLETTER_MAIL_URL": f"maildir:{home}/mail",
        "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
        "SECRET_KEY": "a secret for the benchmark, 0123456789",
        "PORT": str(port),
    }


def _row(chance: random.Random, number: int) -> str:
    return (
        f"{number},2024-{1 + number % 12:02}-{1 + number % 28:02},ST{chance.randrange(900):04},"
        f"{chance.uniform(-20, 40):.2f},{chance.randrange(100)},{chance.uniform(0, 30):.1f},"
        f"{chance.choice(('calm', 'rain and wind', 'sun', 'fog'))}\n"
    )


def _packed(place: Path, size: int) -> tuple[Path, int]:
    """A CSV of ``size`` bytes at least, packed, and how large it is."""
    chance, written, number = random.Random(1), 0, 0
    with gzip.open(place, "wt", compresslevel=1) as file:
        written += file.write("id,day,station,temperature,humidity,wind,note\n")
        while written < size:
            written += file.write("".join(_row(chance, number + n) for n in range(10_000)))
            number += 10_000
    return place, written


if __name__ == "__main__":
    main()
