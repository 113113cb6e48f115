"""The lock is compared with public advisories where they are reached; nothing fails without."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from development.advisories import main

LOCK = f"""\
pyyaml==5.3 \\
    --hash=sha256:{"0" * 64}
six==1.17.0 \\
    --hash=sha256:{"1" * 64}
"""
ADVISORY = {
    "id": "GHSA-test-0001",
    "aliases": ["CVE-2020-0001"],
    "details": "It runs what it reads.",
    "published": "2020-07-20T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "pyyaml"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.4"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """osv.dev, as far as it is asked here."""

    known: tuple[str, ...] = ()
    questions: list[str]

    def do_POST(self) -> None:
        question: Any = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = question["package"]["name"]
        self.questions.append(name)
        answer = json.dumps({"vulns": [ADVISORY]} if name in self.known else {}).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        """Tests are silent."""


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "lock.txt").write_text(LOCK)
    return tmp_path / "lock.txt"


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked; it knows of what is vulnerable by the parameter."""
    questions: list[str] = []
    handler = type("Known", (Advisories,), {"known": request.param, "questions": questions})
    with HTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}/v1/query", questions
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("server", [("pyyaml",)], indirect=True)
def test_a_known_vulnerability_fails_and_is_named(
    lock: Path, server: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(lock, lock.with_name("stamp"), server[0]) == 1
    printed = capsys.readouterr().out
    assert "pyyaml 5.3: CVE-2020-0001, GHSA-test-0001; fixed in 5.4." in printed
    assert not lock.with_name("stamp").exists()


@pytest.mark.parametrize("server", [()], indirect=True)
def test_a_lock_is_compared_once_a_day(
    lock: Path, server: tuple[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    address, questions = server
    for _ in range(2):
        assert main(lock, lock.with_name("stamp"), address) == 0
    assert sorted(questions) == ["pyyaml", "six"]
    assert capsys.readouterr().out == "Advisories: none is known of 2 packages.\n"


def test_what_cannot_be_reached_is_said_in_a_line_and_fails_nothing(
    lock: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(lock, lock.with_name("stamp"), "http://127.0.0.1:1/v1/query") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("Advisories: not compared, as http://127.0.0.1:1/v1/query was not")
    assert printed.count("\n") == 1
    assert not lock.with_name("stamp").exists()
