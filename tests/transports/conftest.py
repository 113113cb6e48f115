"""Certificates that only a test trusts, and Postfix's own server for tests."""

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO

import pytest
import trustme

from tests.transports.talking import LOOPS, Loop

SINK_STARTS_WITHIN = 10.0  # seconds


@pytest.fixture(params=LOOPS)
def each_loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test talks once on asyncio's own event loop and once on uvloop's."""
    monkeypatch.setattr(Loop, "make", LOOPS[request.param])


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def cafile(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def certified(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """The TLS of a server whose certificate is for the name that is given, until ``until``."""

    def context(name: str, until: datetime | None = None) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name, not_after=until).configure_cert(made)
        return made

    return context


@pytest.fixture(scope="session")
def self_signed(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS of a server whose certificate nobody answers for but itself."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.cert_pem.tempfile() as certificate, authority.private_key_pem.tempfile() as key:
        made.load_cert_chain(certificate, key)
    return made


class Sink:
    """A running smtp-sink."""

    def __init__(self, process: "subprocess.Popen[bytes]", counts: IO[str], port: int) -> None:
        self._process = process
        self._counts = counts
        self.port = port

    def messages(self) -> int:
        """How many it has taken; it ends with this question."""
        self._process.terminate()
        self._process.wait()
        self._counts.seek(0)
        counted = self._counts.read().split("mesg=")
        return int(counted[-1].split()[0]) if len(counted) > 1 else 0


@pytest.fixture
def smtp_sink() -> Iterator[Callable[..., Sink]]:
    """Starts smtp-sink with the options that are given."""
    program = shutil.which("smtp-sink", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if program is None:
        pytest.skip("smtp-sink is not installed: it comes with Postfix")
    running: list[subprocess.Popen[bytes]] = []
    files: list[IO[str]] = []

    def start(*options: str) -> Sink:
        port = _free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        command = [program, *user, "-c", *options, f"127.0.0.1:{port}", "100"]
        # Not into a pipe: it prints with each message, and would stop once that is full.
        counts = TemporaryFile("w+")  # noqa: SIM115 - closed with the others
        files.append(counts)
        process = subprocess.Popen(command, stdout=counts)
        running.append(process)
        _wait_for(port, process)
        return Sink(process, counts, port)

    yield start
    for process in running:
        process.kill()
        process.wait()
    for counts in files:
        counts.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Until the server listens: it does not say when it does."""
    until = time.monotonic() + SINK_STARTS_WITHIN
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert process.poll() is None, "smtp-sink has ended"
            assert time.monotonic() < until, "smtp-sink does not listen"
        else:
            return
