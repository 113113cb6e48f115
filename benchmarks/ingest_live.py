"""A large CSV brought by the admin while readers browse, and the web process killed meanwhile.

The processes are those of an installation: `newsletter web` and `newsletter worker`. The home is
that of the tests: 260 Mondays, 200 datasets, 800 posts. The web process is killed twice, in the
middle of the upload and in the middle of the reading.
"""

import argparse
import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.services.datasets.unread_files import unread_files
from newsletter.settings import Settings
from tests import large_home
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.test_uploads import NEW, Web

READERS = 50
BEFORE_SECONDS = 20.0  # that they browse alone
THINK_SECONDS = 2.0  # between two pages of a reader, on average
PAGES = ("/", "/issues/", "/datasets/", "/datasets/penguins", "/posts/", "/feed.atom")
SLUG = "weather"
WORDS = {
    "slug": SLUG,
    "title": "Weather of many stations",
    "summary": "One row a station and day, as it was measured",
    "description": "Each row is one day of weather at one of nine hundred stations, measured.",
}
PIECE = 8 * 1024**2  # bytes that are sent at a time
KILL_AT = 30  # percent read, at which the web process is killed
MOST_SECONDS = 600


@dataclass
class Browsing:
    """What the readers met: how long each answer took while the web process lived."""

    port: int
    seconds: list[float] = field(default_factory=list)
    while_dead: int = 0  # requests that were begun then
    is_dead: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def read(self, seed: int) -> None:
        chance = random.Random(seed)
        self.stop.wait(chance.random() * THINK_SECONDS)
        while not self.stop.wait(chance.uniform(0, 2 * THINK_SECONDS)):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            began, begun_dead = time.perf_counter(), self.is_dead
            try:
                connection.request("GET", chance.choice(PAGES))
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                begun_dead = True  # it was killed meanwhile
            finally:
                connection.close()
            if begun_dead:
                self.while_dead += 1
            else:
                self.seconds.append(time.perf_counter() - began)

    def kill(self, web: Web) -> None:
        """Kill the web process, and start it again."""
        self.is_dead = True
        web.kill()
        web.start()
        web.visitor.open(NEW)
        self.is_dead = False

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
        return round(1000 * ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)], 1)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--megabytes", type=int, default=300)
    options.add_argument("--readers", type=int, default=READERS)
    chosen = options.parse_args()
    os.environ["NO_PROXY"] = "127.0.0.1"
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environ = _environ(Path(folder, "home"))
        large_home.copied(large_home.LARGE, Settings.load(environ)).db.close()
        file = _written(Path(folder, "weather.csv"), chosen.megabytes * 10**6)
        print(f"{file.stat().st_size:,} bytes of CSV", flush=True)
        web = Web(environ)
        try:
            with _worker(environ):
                print(json.dumps(_brought(web, file, chosen.readers)))
        finally:
            web.kill()


def _brought(web: Web, file: Path, readers: int) -> dict[str, object]:
    browsing = Browsing(int(web.base_url.rpartition(":")[2]))
    with browsing.by(readers), file.open("rb") as content:
        time.sleep(BEFORE_SECONDS)
        before = browsing.percentile(99)
        browsing.seconds.clear()
        began = time.monotonic()
        first = web.uploader(content)
        first.chunk_size = PIECE
        first.upload(stop_at=file.stat().st_size // 2)
        browsing.kill(web)
        second = web.uploader(content, str(first.url))
        second.chunk_size = PIECE
        second.upload()
        uploaded = time.monotonic() - began
        note = web.head(str(first.url)).headers["Upload-Note"]
        typed: dict[str, Any] = {**WORDS, "tables-0-stored": note}
        web.visitor.open(NEW).submit("title", **typed)
        saved = time.monotonic() - began
        seen = _progress(web.installation, lambda percent: percent >= KILL_AT)
        browsing.kill(web)
        seen += _progress(web.installation, lambda _: False)
        seconds = time.monotonic() - began
    with web.installation.db.read() as session:
        tables = datasets.newest(session, SLUG).tables
    return {
        "p99_ms": browsing.percentile(99),
        "p99_ms_before": before,
        "p50_ms": browsing.percentile(50),
        "ended": bool(tables),
        "rows": sum(table.rows for table in tables),
        "requests": len(browsing.seconds),
        "requests_while_web_was_dead": browsing.while_dead,
        "uploaded_s": round(uploaded, 1),
        "saving_s": round(saved - uploaded, 2),
        "seconds": round(seconds, 1),
        "progress_only_forward": seen == sorted(seen),
    }


def _progress(opened: Installation, enough: Callable[[int], bool]) -> list[int]:
    """The percents that the task says, until it is finished or one is ``enough``."""
    seen: list[int] = []
    deadline = time.monotonic() + MOST_SECONDS
    while time.monotonic() < deadline:
        with opened.db.read() as session:
            unread = unread_files(session, datasets.get(session, SLUG))
        if unread is None or unread.task is None or not unread.goes_on:
            return seen
        seen.append(unread.task.done)
        if enough(seen[-1]):
            return seen
        time.sleep(0.2)
    raise SystemExit(f"It was not read in {MOST_SECONDS} seconds.")


@contextmanager
def _worker(environ: dict[str, str]) -> Iterator[None]:
    worker = subprocess.Popen(
        [*NEWSLETTER, "worker"],
        cwd=REPOSITORY,
        env=environ,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait()


def _environ(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_BASE_URL": "http://127.0.0.1",
        "NEWSLETTER_MAIL_URL": f"maildir:{home}/mail",
        "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
        "SECRET_KEY": "a secret for the benchmark, 0123456789",
    }


def _row(chance: random.Random, number: int) -> str:
    return (
        f"{number},2024-{1 + number % 12:02}-{1 + number % 28:02},ST{chance.randrange(900):04},"
        f"{chance.uniform(-20, 40):.2f},{chance.randrange(100)},{chance.uniform(0, 30):.1f},"
        f"{chance.choice(('calm', 'rain and wind', 'sun', 'fog'))}\n"
    )


def _written(place: Path, size: int) -> Path:
    """A CSV of ``size`` bytes at least."""
    chance, written, number = random.Random(1), 0, 0
    with place.open("w") as file:
        file.write("id,day,station,temperature,humidity,wind,note\n")
        while written < size:
            written += file.write("".join(_row(chance, number + n) for n in range(10_000)))
            number += 10_000
    return place


if __name__ == "__main__":
    main()
