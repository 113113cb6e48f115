"""The sender at 10 thousand, 100 thousand and a million recipients.

Each send is a worker process of its own to smtp-sink on loopback; its rate is
the ledger's (from the first settlement to the last), its memory the kernel's
(VmHWM). So that noise of the machine does not count, a long send is halted
(SIGSTOP) again and again for a send of 10 thousand from a second database, and
each of its stretches is compared with the two small sends around it.

Freezing a million is compared with a bare INSERT ... SELECT of as many rows
into the same table, in turns.
"""

import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bench import (
    REPOSITORY,
    empty_ledger,
    environment,
    fill,
    finish,
    freeze,
    installation,
    postgres,
    sink,
    timed,
)
from sqlalchemy import bindparam, func, select, text

from newsletter import clock, jobs
from newsletter.db import UTCDateTime
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.queue.balance import balance_of
from newsletter.installation import Installation
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue

CONNECTIONS = 32
SMALL = 10_000
STRETCH_SECONDS = 20.0
START_SECONDS = 2.0  # of a process, before it sends
LOOK_SECONDS = 0.1  # between two looks at a worker's memory
FREEZES = 3
IDLE_PASSES = 5
# In the order of the readers: SQLite would choose an index in the order of their hashes, and
# take seven times as long.
BARE = """
    INSERT INTO delivery (issue_id, subscriber_id, state, not_before, attempts)
    SELECT :issue, id, 'pending', :now, 0 FROM subscriber ORDER BY id
"""


@dataclass(frozen=True)
class Figures:
    shares: list[float]  # of the rate at SMALL, stretch by stretch
    peak: int  # bytes
    freeze_ratio: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000, help="of the largest send")
    parser.add_argument("--database", action="append", choices=("sqlite", "postgresql"))
    options = parser.parse_args()
    sizes = sorted({min(100_000, options.readers), options.readers})
    figures = [
        measured(name == "postgresql", sizes)
        for name in options.database or ("sqlite", "postgresql")
    ]
    finish(
        rate_share_1m=min(statistics.median(of.shares) for of in figures),
        peak_rss_mb=max(of.peak for of in figures) / 1e6,
        freeze_ratio=max(of.freeze_ratio for of in figures),
    )


def measured(on_postgres: bool, sizes: list[int]) -> Figures:
    """All figures of one database; the share is that of the largest size."""
    print("PostgreSQL" if on_postgres else "SQLite")
    ratios: list[float] = []
    with ExitStack() as stack:
        mail_url = f"smtp://127.0.0.1:{stack.enter_context(sink())}"

        def opened() -> Installation:
            url = stack.enter_context(postgres()) if on_postgres else None
            return stack.enter_context(installation(url, mail_url, CONNECTIONS))

        small, large = Worker(opened()), Worker(opened())
        fill(small.opened, SMALL)
        for size in sizes:
            ratio, shares = measured_at(size, large, small)
            ratios.append(ratio)
        peak = max(small.peak, large.peak)
    print(f"peak memory {small.peak / 1e6:.0f} MB of {SMALL:,}, {large.peak / 1e6:.0f} MB of more")
    return Figures(shares, peak, max(ratios))


def measured_at(size: int, large: "Worker", small: "Worker") -> tuple[float, list[float]]:
    """The freeze ratio, and the shares of the rate, of so many readers."""
    print(f"{size:,}: filled in {timed(lambda: fill(large.opened, size)):.1f} s")
    ratio = freeze_ratio(large.opened)
    print(f"  frozen with its content in {timed(large.freeze):.2f} s")
    shares = in_stretches(large, small)
    print(f"  shares of the rate at {SMALL:,}: {' '.join(f'{share:.2f}' for share in shares)}")
    print(f"  an idle pass {1000 * idle_pass(large.opened):.1f} ms", flush=True)
    return ratio, shares


class Worker:
    """Sends the issue of one newsletter in processes of their own."""

    def __init__(self, opened: Installation) -> None:
        self.opened = opened
        self.peak = 0  # resident bytes, of all processes so far
        settings = opened.settings
        self._environ = os.environ | environment(
            settings.home, settings.database_url, settings.mail_url, settings.connections
        )

    def freeze(self) -> None:
        freeze(self.opened)

    def begin(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "newsletter", "worker", "--once"]
        log = subprocess.DEVNULL
        return subprocess.Popen(command, env=self._environ, cwd=REPOSITORY, stdout=log, stderr=log)

    def watch(self, process: "subprocess.Popen[bytes]", seconds: float) -> bool:
        """Whether it still runs after so long; how much memory it took is kept."""
        until = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < until:
            status = Path(f"/proc/{process.pid}/status").read_text()
            if match := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.peak = max(self.peak, int(match[1]) * 1024)
            time.sleep(LOOK_SECONDS)
        return process.poll() is None

    def send(self) -> float:
        """A whole send; messages a second."""
        self.freeze()
        process = self.begin()
        while self.watch(process, STRETCH_SECONDS):
            pass
        self.check(process)
        with self.opened.db.read() as session:
            first = session.scalar(select(func.min(Delivery.settled_at)))
        assert first is not None, "nothing was sent"
        rate = self.rate_since(first)
        assert rate is not None, "a send of less than a second says nothing"
        return rate

    def rate_since(self, moment: datetime) -> float | None:
        """Messages a second from then to the last one; None if that was no time at all."""
        since = select(func.count(), func.max(Delivery.settled_at))
        with self.opened.db.read() as session:
            count, last = session.execute(since.where(Delivery.settled_at >= moment)).one()
        seconds = (last - moment).total_seconds() if last else 0.0
        return count / seconds if seconds >= 1 else None

    def check(self, process: "subprocess.Popen[bytes]") -> None:
        """The worker ended well, and all was sent."""
        assert process.returncode == 0, "newsletter worker --once failed"
        with self.opened.db.read() as session:
            balance = balance_of(session, session.scalars(select(Issue)).one())
        assert balance.holds
        assert balance.sent == balance.candidates


def in_stretches(large: Worker, small: Worker) -> list[float]:
    """Send ``large``, halted for a send of ``small`` after each stretch; returns the rate of
    each stretch as a share of the mean of the small sends before and after it."""
    shares = []
    before = small.send()
    process = large.begin()
    time.sleep(START_SECONDS)
    runs = True
    while runs:
        began = clock.now()
        runs = large.watch(process, STRETCH_SECONDS)
        if runs:
            process.send_signal(signal.SIGSTOP)
        rate = large.rate_since(began)
        after = small.send()
        if rate is not None:
            shares.append(2 * rate / (before + after))
            print(f"  {rate:,.0f}/s, beside {before:,.0f}/s and {after:,.0f}/s", flush=True)
        before = after
        if runs:
            process.send_signal(signal.SIGCONT)
    large.check(process)
    return shares


def freeze_ratio(opened: Installation) -> float:
    """How much longer entering the candidates takes than a bare INSERT ... SELECT."""
    freeze(opened)
    frozen, bare = [], []
    for _ in range(FREEZES):
        empty_ledger(opened)
        frozen.append(timed(lambda: _enter(opened)))
        empty_ledger(opened)
        bare.append(timed(lambda: _insert(opened)))
    ratio = statistics.median(frozen) / statistics.median(bare)
    print(
        f"  recipients frozen in {statistics.median(frozen):.2f} s, a bare INSERT ... SELECT in "
        f"{statistics.median(bare):.2f} s: {ratio:.2f}",
        flush=True,
    )
    return ratio


def _enter(opened: Installation) -> None:
    with opened.db.write() as session:
        enrol(session, session.scalars(select(Issue)).one(), clock.now())


def _insert(opened: Installation) -> None:
    with opened.db.write() as session:
        now = bindparam("now", clock.now(), UTCDateTime())
        issue = session.scalars(select(Issue.id)).one()
        session.connection().execute(text(BARE).bindparams(now), {"issue": issue})


def idle_pass(opened: Installation) -> float:
    """How many seconds a pass over the finished issue takes, as a median."""
    return statistics.median(timed(lambda: jobs.deliver(opened)) for _ in range(IDLE_PASSES))


if __name__ == "__main__":
    main()
