"""Public pages beside a bare Flask view behind the same server, by wrk, in turns; then signing
up and leaving under load (``web_load``).

The home is that of the tests: 260 Mondays, 200 datasets, 800 posts. Each page is asked for as by
a proxy that has it (If-None-Match), and as by a new visitor (compressed). The last line is JSON:
of all pages the lowest share of the bare view's rate, either way; the 99th percentile of signing
up and leaving under the worse load; the most memory of all web processes.
"""

import argparse
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import web_load

from newsletter.host.machine import WEB_THREADS, web_workers
from newsletter.settings import Settings
from newsletter.web.serving.worker import PatientWorker
from tests import factories, large_home
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.site import free_port
from tests.waiting import wait_until

PAGES = ("/", f"/issues/{factories.MONDAY}", "/datasets/penguins", "/feed.atom")
CONNECTIONS = 16
RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
FAILED = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--slow-seconds", type=float, default=60)
    options.add_argument("--only", choices=["pages", "load"])
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: install Debian's package wrk.")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port, mail_port = free_port(), free_port()
        environ = _environ(Path(folder, "home"), port, mail_port)
        opened = large_home.copied(large_home.LARGE, Settings.load(environ))
        last: dict[str, float] = {}
        with web_load.mail_sink(mail_port), _serving([*NEWSLETTER, "web"], environ, port) as web:
            if chosen.only != "load":
                bare_port = free_port()
                with _serving(_bare(bare_port), environ, bare_port):
                    last |= _measured(port, bare_port, chosen.rounds, chosen.seconds)
            if chosen.only != "pages":
                with web_load.Memory(web) as memory:
                    last |= web_load.measured(port, environ, opened, chosen.slow_seconds)
                last["rss_mb"] = round(memory.most)
        opened.db.close()
        print(json.dumps(last))


def _measured(port: int, bare_port: int, rounds: int, seconds: int) -> dict[str, float]:
    requests: dict[str, tuple[str, Mapping[str, str]]] = {}
    for page in PAGES:
        headers: Mapping[str, str] = {"Accept-Encoding": "gzip"}
        requests[page] = (page, headers)
        requests[f"{page} again"] = (page, {**headers, "If-None-Match": _etag(port, page, headers)})
    shares: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(rounds):
        for name, (page, headers) in requests.items():
            bare = _rate(bare_port, "/", {}, seconds)
            shares[name].append(_rate(port, page, headers, seconds) / bare)
    medians = {name: statistics.median(of_name) for name, of_name in shares.items()}
    for name, share in medians.items():
        print(f"{name:32} {share:.2f} of a bare view")
    return {
        "page_ratio": round(min(medians[f"{page} again"] for page in PAGES), 2),
        "fresh_ratio": round(min(medians[page] for page in PAGES), 2),
    }


def _rate(port: int, path: str, headers: Mapping[str, str], seconds: int) -> float:
    """Requests a second."""
    given = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", *given]
    address = f"http://127.0.0.1:{port}{path}"
    output = subprocess.run([*command, address], capture_output=True, text=True, check=True).stdout
    if failed := FAILED.search(output):
        sys.exit(f"{path} failed {failed[1]} times.")
    return float(RATE.findall(output)[0])


def _etag(port: int, path: str, headers: Mapping[str, str]) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=dict(headers))
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return str(answer.headers["ETag"])


@contextmanager
def _serving(
    command: list[str], environ: dict[str, str], port: int
) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(_is_up(port))
        yield process
    finally:
        process.terminate()
        process.wait()


def _is_up(port: int) -> Callable[[], bool]:
    def is_up() -> bool:
        try:
            return bool(_etag(port, "/", {}))
        except OSError:
            return False

    return is_up


def _bare(port: int) -> list[str]:
    options = [
        "--workers",
        str(web_workers()),
        "--threads",
        str(WEB_THREADS),
        "--bind",
        f"127.0.0.1:{port}",
    ]
    options += ["--worker-class", f"{PatientWorker.__module__}.{PatientWorker.__name__}"]
    return [sys.executable, "-m", "gunicorn", *options, "benchmarks.bare:app"]


def _environ(home: Path, port: int, mail_port: int) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "NEWSLETTER_HOME": str(home),
        "NEWSLETTER_BASE_URL": f"http://127.0.0.1:{port}",
        "NEWSLETTER_MAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        "NEWSLETTER_MAIL_FROM": "hello@news.example.org",
        "NEWSLETTER_POSTAL_ADDRESS": "1 Data Street",
        "SECRET_KEY": "a secret for the benchmark, 0123456789",
    }


if __name__ == "__main__":
    main()
