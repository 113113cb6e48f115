"""Posts, run as a person runs them: by the command, in environments of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest

from newsletter.posts.running import rscript
from tests.cli.conftest import Shell
from tests.posts.running.conftest import RAIN, Folder
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("posts run")

MARKED = "600.0375"  # seconds that nothing else sleeps

SQL = """\
How much rain fell, by year?

```sql
SELECT year, sum(rain_mm) AS rain_mm FROM '../data/rain.csv' GROUP BY ALL ORDER BY ALL
```
"""
PYTHON = """\
```python
import os

rain = [line.split(",") for line in open("../data/rain.csv")]
print(len(rain), sorted(os.listdir("../data")), os.environ.get("SECRET_KEY"))
```
"""
FAILS = """\
```python
rain = open("../data/rain.csv").read()
```

```python
raise RuntimeError("no longer so")
```
"""
R = """\
```r
rain <- read.csv("../data/rain.csv")
sum(rain$rain_mm)
```
"""


class Run:
    """One invocation of the command, in a process, on a folder."""

    def __init__(self, place: Path) -> None:
        self.folder = Folder(place / "datasets")
        self.temporary = place / "t"
        self.temporary.mkdir()

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        with self.begin(*arguments) as process:
            out, errors = process.communicate(timeout=900)
        return subprocess.CompletedProcess(arguments, process.returncode, out, errors)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        said = {
            "TMPDIR": str(self.temporary),
            "SECRET_KEY": "do not tell",
            "DATABASE_URL": "mysql://nowhere",  # which no installation could open
        }
        return subprocess.Popen(
            [sys.executable, "-m", "newsletter", "post", "run", *arguments],
            env=os.environ | said,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with TemporaryDirectory(prefix="t-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def run(place: Path) -> Run:
    return Run(place)


@pytest.fixture(scope="module")
def ran(run: Run) -> subprocess.CompletedProcess[str]:
    """Four posts of every kind of ending, and one in R."""
    run.folder.post("01-sql.md", SQL, language="sql")
    run.folder.post("02-python.md", PYTHON)
    run.folder.post("03-fails.md", FAILS)
    run.folder.post("04-other-data.md", PYTHON, data={"rain": "0" * 64})
    run.folder.post("05-r.md", R, language="r")
    return run("--all", str(run.folder.root), "--record", "--json")


@pytest.fixture(scope="module")
def told(ran: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {each["post"]: each for each in json.loads(ran.stdout)}


def _record(run: Run, name: str) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads((run.folder.dataset / "posts" / name).read_text())
    return recorded


def test_each_post_is_told_of_and_one_that_did_not_run_ends_it_with_1(
    ran: subprocess.CompletedProcess[str], told: dict[str, dict[str, Any]]
) -> None:
    assert ran.returncode == 1
    assert ran.stderr == "newsletter: 2 of 5 did not run: see above.\n"
    assert [each["status"] for each in told.values()] == [
        "ran", "ran", "failed", "refused", "ran" if rscript.is_installed() else "skipped",
    ]  # fmt: skip


def test_what_it_ran_with_is_recorded(run: Run, told: dict[str, dict[str, Any]]) -> None:
    record = _record(run, "01-sql.run.json")
    assert record["status"] == "ran"
    assert set(record["versions"]) == {"python", "duckdb"}
    assert record["data"] == {"rain": run.folder.sha256()}
    html = record["outputs"][0][0]["data"]["text/html"]
    assert "<td>2021</td><td>2121</td>" in html
    assert told["rain/01-sql.md"]["source"] == record["source"]


def test_code_reads_its_data_and_none_of_our_secrets(
    run: Run, told: dict[str, dict[str, Any]]
) -> None:
    (output,) = _record(run, "02-python.run.json")["outputs"][0]
    assert output["text"] == "4 ['rain.csv', 'rain.parquet'] None\n"


def test_what_failed_is_recorded_with_its_error(run: Run, told: dict[str, dict[str, Any]]) -> None:
    record = _record(run, "03-fails.run.json")
    assert record["status"] == "failed"
    assert record["error"].splitlines()[-1] == "RuntimeError: no longer so"
    assert [len(outputs) for outputs in record["outputs"]] == [0, 1]


def test_other_data_are_refused(run: Run, told: dict[str, dict[str, Any]]) -> None:
    record = _record(run, "04-other-data.run.json")
    assert record["status"] == "refused"
    assert run.folder.sha256() in record["error"]
    assert "0" * 64 in record["error"]


@pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")
def test_r_is_run_too(run: Run, told: dict[str, dict[str, Any]]) -> None:
    assert _record(run, "05-r.run.json")["outputs"][0][0]["text"] == "[1] 2745\n"


def test_nothing_is_left_of_it(run: Run, told: dict[str, dict[str, Any]]) -> None:
    assert list(run.temporary.iterdir()) == []


def _sleepers() -> list[psutil.Process]:
    return [
        one for one in psutil.process_iter(["cmdline"]) if MARKED in (one.info["cmdline"] or [])
    ]


@pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")
def test_ctrl_c_ends_the_code_too_and_leaves_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.folder.post("01-r.md", f"```r\nsystem('sleep {MARKED}')\n```\n", language="r")
    with run.begin("--all", str(run.folder.root)) as process:
        try:
            wait_until(_sleepers)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=300)
        finally:
            process.kill()
    assert (process.returncode, "Aborted!" in errors) == (1, True)
    wait_until(lambda: not _sleepers())
    assert list(run.temporary.iterdir()) == []


def test_one_file_is_told_of_in_a_line(run: Run, told: dict[str, dict[str, Any]]) -> None:
    refused = run(str(run.folder.dataset / "posts" / "04-other-data.md"))
    assert refused.returncode == 1
    assert refused.stdout.startswith("! rain/04-other-data.md refused: The data differ: rain has")
    assert refused.stdout.count("\n") == 1


def test_a_skipped_post_is_a_failure_where_all_must_run(
    run: Run, told: dict[str, dict[str, Any]], shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rscript, "is_installed", lambda: False)
    post = str(run.folder.dataset / "posts" / "05-r.md")
    assert shell.done("post", "run", post) == (
        "- rain/05-r.md skipped: Rscript is not installed here.\n"
    )
    assert "1 of 1 did not run" in shell.refused("post", "run", post, "--must-run")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([], "Name a post or a file, or give --all."),
        (["rain-sums", "--record"], "--record is for files"),
        (["rain-sums", "--seconds", "0"], "--seconds"),
    ],
)
def test_what_is_asked_wrongly_is_wrong_usage(
    shell: Shell, wrong: list[str], sentence: str
) -> None:
    result = shell("post", "run", *wrong)
    assert result.exit_code == 2
    assert sentence in result.stderr


def test_what_is_not_there_is_refused(shell: Shell) -> None:
    assert "There is no file nothing.md" in shell.refused("post", "run", "nothing.md")
    assert "There is no post in nowhere" in shell.refused("post", "run", "--all", "nowhere")
    assert "There is no post 'nothing'" in shell.refused("post", "run", "nothing")
    assert "There is no post 'nothing'" in shell.refused("post", "show", "nothing")


def test_a_catalog_without_posts_is_well(shell: Shell) -> None:
    assert shell.done("post", "list") == "There is none yet.\n"
    assert shell.done("post", "run", "--all") == ""


def test_a_post_of_the_catalog_is_run_and_what_came_of_it_kept(
    empty: Shell, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "datasets")
    folder.post("01-sums.md", SQL, language="sql", title="How much rain", slug="rain-sums")
    folder.post("02-other.md", PYTHON)
    empty.done("sync", str(folder.root))
    before = empty.read("post", "show", "rain-sums")
    assert (before["last_run"], before["runs"]) == (None, [])
    assert empty.done("post", "run", "rain-sums").startswith("+ rain-sums ran in ")
    after = empty.read("post", "show", "rain-sums")
    (run,) = after["runs"]
    assert (run["status"], run["error"]) == ("ran", "")
    assert run["versions"].startswith("python 3.")
    assert {each["slug"]: each["last_run"] for each in empty.read("post", "list")} == {
        "rain-sums": "ran on 2026-11-20",
        "rain-other": None,
    }
    assert "rain-sums" in empty.done("post", "list")
    assert "How much rain" in empty.done("post", "show", "rain-sums")


def test_stored_data_of_which_a_byte_changed_refuse(empty: Shell, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "datasets")
    folder.post("01-sums.md", SQL, language="sql")
    empty.done("sync", str(folder.root))
    (kept,) = (empty.folder / "instance" / "storage").rglob(f"{folder.sha256()}.csv")
    kept.chmod(0o600)
    kept.write_text(RAIN.replace("781", "782"))
    result = empty("post", "run", "rain-sums")
    assert result.exit_code == 1
    assert "! rain-sums refused: The data differ: rain" in result.stdout
    assert empty.read("post", "show", "rain-sums")["runs"][0]["status"] == "refused"


def test_a_post_is_left_to_a_worker_of_posts_alone(empty: Shell, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "datasets")
    folder.post("01-sums.md", SQL, language="sql", slug="rain-sums")
    empty.done("sync", str(folder.root))
    assert "Task" in empty.done("post", "run", "rain-sums", "--background")
    empty.done("worker", "--once")
    (task,) = empty.read("task", "list")
    assert (task["state"], task["attempts"]) == ("queued", 0)
    empty.done("post", "worker", "--once")
    (task,) = empty.read("task", "list")
    assert (task["state"], task["done"], task["total"]) == ("done", 1, 1)
    assert task["result"]["posts"][0]["status"] == "ran"
    (run,) = empty.read("post", "show", "rain-sums")["runs"]
    assert run["status"] == "ran"
    both = empty("post", "run", "--all", str(folder.root), "--background")
    assert "--background is for posts" in both.stderr
