"""Uploads by an independent client of the protocol, to gunicorn as an operator runs it."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import psutil
import pytest
import requests
from tusclient.client import TusClient
from tusclient.uploader.uploader import Uploader

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.curators import accounts
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.services.datasets.upload_files import open_file
from newsletter.settings import Settings
from newsletter.web.uploads import read_note
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.site import CURATOR, PASSWORD, free_port
from tests.functional.visitor import Visitor
from tests.migrated import migrate

MB = 1024 * 1024
PIECE = MB
ROWS = 200_000
NEW = "/admin/datasets/new"


class Web:
    """``newsletter web``, started, killed and started again, and a curator who is signed in."""

    def __init__(self, environ: dict[str, str]) -> None:
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        self._environ = environ | {"NEWSLETTER_BASE_URL": self.base_url, "PORT": str(port)}
        self.installation = Installation.open(Settings.load(self._environ))
        migrate(self.installation.db)
        with self.installation.db.write() as session:
            accounts.add_curator(session, CURATOR, Role.OWNER, PASSWORD, clock.now())
        self.start()
        self.visitor = Visitor(self.base_url).open("/admin/")
        self.visitor.submit("password", address=CURATOR, password=PASSWORD).open(NEW)

    def start(self) -> None:
        self.process = subprocess.Popen(
            [*NEWSLETTER, "web"],
            cwd=REPOSITORY,
            env=self._environ | {"PATH": os.environ["PATH"]},
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        assert any("Listening at" in line for line in self.process.stderr)

    def kill(self) -> None:
        """The master and its workers, at once."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()

    @property
    def headers(self) -> dict[str, str]:
        """Those by which each request is the curator's."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.visitor.cookies.items())
        return {"Cookie": cookies, "X-CSRFToken": self.visitor.value("csrf_token")}

    def uploader(self, file: BinaryIO, url: str | None = None) -> Uploader:
        """Of a new upload, or of the one at ``url``."""
        return TusClient(f"{self.base_url}/admin/uploads", self.headers).uploader(
            file_stream=file,
            url=url,
            chunk_size=PIECE,
            metadata={"filename": Path(file.name).name},
            upload_checksum=True,
        )

    def bring(self, file: BinaryIO, size: int) -> str:
        """Begin an upload, of which ``size`` bytes arrive; returns its address."""
        uploader = self.uploader(file)
        uploader.upload(stop_at=size)
        return str(uploader.url)

    def head(self, url: str) -> requests.Response:
        headers = self.headers | {"Tus-Resumable": "1.0.0"}
        return requests.head(url, headers=headers, timeout=60)

    def send_half_a_piece(self, url: str, offset: int, body: bytes) -> socket.socket:
        """Announce twice as many bytes as are sent."""
        host, _, port = self.base_url.removeprefix("http://").partition(":")
        headers = self.headers | {
            "Host": f"{host}:{port}",
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(2 * len(body)),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection = socket.create_connection((host, int(port)), timeout=60)
        path = url.removeprefix(self.base_url)
        connection.sendall(f"PATCH {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)
        return connection

    def file(self, url: str) -> bytes:
        """What the note of a whole upload stands for."""
        note = self.head(url).headers["Upload-Note"]
        upload = read_note(self.installation, note, clock.now())
        assert upload is not None
        with open_file(self.installation, upload.key) as path:
            return path.read_bytes()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def _served(environ: dict[str, str]) -> Iterator[Web]:
    web = Web(environ)
    yield web
    web.kill()
    web.installation.db.close()


@pytest.fixture
def web(environ: dict[str, str]) -> Iterator[Web]:
    yield from _served(environ)


@pytest.fixture
def web_on_both(environ: dict[str, str], database_url: str) -> Iterator[Web]:
    yield from _served(environ | {"DATABASE_URL": database_url})


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BinaryIO]:
    path = tmp_path / "Seal counts.csv"
    rows = "".join(f"bank {n % 97},{n},{n * 7919 % 1009}\n" for n in range(ROWS))
    path.write_text(f"bank,at,seals\n{rows}")
    with path.open("rb") as opened:
        yield opened


def content_of(file: BinaryIO) -> bytes:
    return Path(file.name).read_bytes()


def _wait_for_a_begun_piece(root: Path) -> None:
    deadline = time.monotonic() + 60
    while not any(path.stat().st_size for path in (root / "incoming").glob("*")):
        assert time.monotonic() < deadline, "no piece was begun"
        time.sleep(0.01)


def test_an_upload_is_interrupted_and_resumed_by_another_client(web: Web, file: BinaryIO) -> None:
    url = web.bring(file, 2 * PIECE)
    assert int(web.head(url).headers["Upload-Offset"]) == 2 * PIECE
    second = web.uploader(file, url)
    assert second.offset == 2 * PIECE
    second.upload()
    answer = web.head(url)
    assert answer.headers["Upload-Offset"] == answer.headers["Upload-Length"]
    words: dict[str, Any] = {
        "slug": "harbour-seals",
        "title": "Seals of the Wadden Sea",
        "summary": "Counts from the air, one row a sandbank and year",
        "description": "Each row is one count of seals on one sandbank, from the air.",
        "tables-0-stored": answer.headers["Upload-Note"],
    }
    web.visitor.submit("title", **words)
    run_until_idle(web.installation)
    with web.installation.db.read() as session:
        table = datasets.newest(session, "harbour-seals").tables[0]
        assert (table.name, table.rows) == ("seal-counts", ROWS)


def test_kill_9_in_the_middle_of_a_piece_loses_that_piece_alone(
    web_on_both: Web, file: BinaryIO
) -> None:
    web, content = web_on_both, content_of(file)
    url = web.bring(file, PIECE)
    connection = web.send_half_a_piece(url, PIECE, content[PIECE : PIECE * 3 // 2])
    _wait_for_a_begun_piece(web.installation.storage.root)
    web.kill()
    connection.close()
    web.start()
    assert int(web.head(url).headers["Upload-Offset"]) == PIECE
    web.uploader(file, url).upload()
    assert web.file(url) == content


def test_a_client_that_falls_silent_holds_no_thread_and_loses_nothing(
    web: Web, file: BinaryIO
) -> None:
    content = content_of(file)
    url = web.bring(file, PIECE)
    with web.send_half_a_piece(url, PIECE, content[PIECE : PIECE * 3 // 2]) as connection:
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 204")
    here = int(web.head(url).headers["Upload-Offset"])
    assert f"Upload-Offset: {here}\r\n" in answer
    assert PIECE < here <= PIECE * 3 // 2
    web.uploader(file, url).upload()
    assert web.file(url) == content


def test_a_large_file_takes_no_memory_of_the_web_processes(web: Web, tmp_path: Path) -> None:
    with (tmp_path / "large.csv").open("w+b") as large:
        large.truncate(160 * MB)
        url = web.bring(large, 32 * MB)  # what a process takes for its first ones, it keeps
        workers = psutil.Process(web.process.pid).children()
        assert len(workers) == 2
        before = {worker.pid: _peak(worker.pid) for worker in workers}
        web.uploader(large, url).upload()
    assert web.head(url).headers["Upload-Note"]
    grown = {pid: (_peak(pid) - peak) / MB for pid, peak in before.items()}
    assert max(grown.values()) < 24, grown


def _peak(pid: int) -> int:
    """The most memory that a process has ever had, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
