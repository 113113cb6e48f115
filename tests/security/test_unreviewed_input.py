"""Row "unreviewed input is run by a routine command": no code of a post is run that nobody named or
published, and none by a worker where nothing shuts it in."""

import subprocess
import sys
from datetime import UTC
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import time_machine

from tests.cli.conftest import Shell, empty
from tests.cli.test_posts import SQL
from tests.posts.running.conftest import Folder

__all__ = ["empty"]


def test_a_draft_is_run_only_by_its_name(empty: Shell, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "datasets")
    folder.post("01-sums.md", SQL, language="sql", slug="rain-sums")
    empty.done("sync", str(folder.root))
    assert empty.done("post", "run", "--all") == ""
    assert empty.read("post", "show", "rain-sums")["runs"] == []


def test_a_worker_refuses_to_run_what_nothing_shuts_in(empty: Shell, tmp_path: Path) -> None:
    """Where bubblewrap is not on the path: end to end, until curators see it."""
    ran = tmp_path / "ran"
    folder = Folder(tmp_path / "datasets")
    cell = f'```python\nopen({str(ran)!r}, "w").write(open("../data/rain.csv").read())\n```\n'
    folder.post("01-marks.md", cell, slug="rain-marks")
    empty.done("sync", str(folder.root))
    empty.done("curator", "add", "ada@example.org")
    empty.done("post", "run", "rain-marks", "--background")
    command = [sys.executable, "-m", "newsletter", "post", "worker", "--once"]
    environ = {name: value for name, value in empty.environ.items() if value is not None}
    done = subprocess.run(command, cwd=empty.folder, env=environ | {"PATH": str(tmp_path)})
    assert done.returncode == 0  # the worker itself is well
    (task,) = empty.read("task", "list")
    assert (task["state"], task["attempts"]) == ("failed", 1)
    assert "bubblewrap is not installed (Debian has it as bubblewrap)." in task["error"]
    assert "NEWSLETTER_POSTS_UNCONFINED" in task["error"]
    assert len(task["error"].splitlines()) == 1
    assert not ran.exists()
    of_that_process = time_machine.escape_hatch.datetime.datetime.now(UTC)
    with time_machine.travel(of_that_process, tick=False):
        empty.done("worker", "--once")
    (mail,) = empty.outbox
    text = message_from_bytes(mail.read_bytes(), policy=default).get_body(("plain",))
    assert text is not None
    assert "bubblewrap is not installed" in " ".join(text.get_content().split())
