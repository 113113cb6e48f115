"""When there is nothing to do, next to nothing is asked of the database."""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from tests.crash.stand import Stand
from tests.crash.swallowing import path_to
from tests.crash.worker import Worker
from tests.functional.site import free_port

SETTLED_SECONDS = 8.0  # after their start
LOOKED_FOR = 30.0  # seconds: two rounds of the clock's most frequent jobs
STATEMENTS_A_SECOND = 2.0
CPU_SHARE = 0.02  # of one core, for all together


@contextmanager
def running(stand: Stand, environ: dict[str, str]) -> Iterator[list[Worker]]:
    """The site, the clock and a worker, up."""
    with ExitStack() as stack:
        processes = [
            stack.enter_context(stand.machine(name, environ={"PORT": str(free_port())} | environ))
            for name in ("web", "clock", "worker")
        ]
        settled_at = time.monotonic() + SETTLED_SECONDS
        while time.monotonic() < settled_at:
            for process in processes:
                assert process.wait(0.1) is None, process.said()
        yield processes
        for process in processes:
            assert "Traceback" not in process.said()
            process.signal(signal.SIGTERM)
        assert [process.wait() for process in processes] == [0, 0, 0]


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_site_clock_and_worker_ask_postgresql_for_little(stand: Stand, database_url: str) -> None:
    with path_to(database_url) as (path, url), running(stand, {"DATABASE_URL": url}) as processes:
        before = len(path.statements)
        assert processes[0].wait(LOOKED_FOR) is None
        statements = path.statements[before:]
    assert statements
    assert len(statements) / LOOKED_FOR <= STATEMENTS_A_SECOND, "\n".join(statements)


@pytest.mark.long
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_sqlite_they_use_no_processor_to_speak_of(stand: Stand) -> None:
    home = stand.environ()["NEWSLETTER_HOME"]
    with running(stand, {"NEWSLETTER_HOME": home}) as processes:
        before = cpu_seconds(processes)
        assert processes[0].wait(LOOKED_FOR) is None
        used = cpu_seconds(processes) - before
    assert used / LOOKED_FOR <= CPU_SHARE


def cpu_seconds(processes: list[Worker]) -> float:
    """Of the processes and those that they started."""
    family = [psutil.Process(process.pid) for process in processes]
    family += [child for parent in family for child in parent.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)
