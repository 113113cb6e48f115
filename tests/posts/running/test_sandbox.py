"""Other people's code: what a post that tries sees of the machine, and what it is told."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from newsletter.errors import Refused
from newsletter.posts.running import kernel, rscript, sandbox
from newsletter.posts.running.environment import Environment
from newsletter.posts.running.limits import Processes, RunLimits
from newsletter.posts.running.result import Broken, Result
from tests.posts.running.conftest import GENEROUS, Run, code, text_of
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("posts run")
MARKED = "600.0625"  # seconds that nothing else sleeps


@pytest.fixture
def run(environment: Environment, place: Path, processes: Processes) -> Run:
    def run(*sources: str, limits: RunLimits = GENEROUS) -> Result:
        rest = (place / "posts", place / "home", limits, processes)
        return kernel.run_cells(code("python", sources), environment, *rest)

    return run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A newsletter's, with what nobody else may read."""
    folder = tmp_path / "instance"
    folder.mkdir()
    (folder / "secret_key").write_text("do not tell")
    return folder


def test_it_reads_nothing_of_the_machine_but_its_programs(run: Run, home: Path) -> None:
    for place in (home / "secret_key", Path("/var/lib"), Path("/etc/shadow"), Path(__file__)):
        assert place.exists(), "a test that cannot fail"
        look = "open" if place.is_file() else "__import__('os').listdir"
        error = run(f"print({look}({str(place)!r}))").error.splitlines()[-1]
        assert error.startswith("FileNotFoundError: [Errno 2] No such file"), (place, error)
    shown = run("import os\nsorted(os.environ)").outputs[0]
    assert not any(name in text_of(shown) for name in ("SECRET_KEY", "NEWSLETTER", "TOKEN"))


def test_it_reads_its_data_and_writes_beside_its_code_alone(run: Run, place: Path) -> None:
    (place / "data").mkdir()
    (place / "data" / "rain.csv").write_text("781")
    result = run("open('drawn', 'w').write(open('../data/rain.csv').read())")
    assert result.error == ""
    assert (place / "posts" / "drawn").read_text() == "781"
    error = run("import sys\nopen(sys.prefix + '/planted.pth', 'w')").error
    assert error.splitlines()[-1].startswith("OSError: [Errno 30] Read-only file system")


def test_it_has_no_network(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = run(f"import socket\nsocket.create_connection(('127.0.0.1', {port}))")
    assert result.error.splitlines()[-1].startswith("ConnectionRefusedError: [Errno 111]")
    error = run("import socket\nsocket.create_connection(('192.0.2.1', 80), 5)").error
    assert error.splitlines()[-1] == "OSError: [Errno 101] Network is unreachable"


def test_it_sees_no_other_process_and_leaves_none(run: Run) -> None:
    count = "len([name for name in os.listdir('/proc') if name.isdigit()])"
    begin = (
        f"import os, subprocess\nsubprocess.Popen(['sleep', '{MARKED}'], start_new_session=True)"
    )
    result = run(f"{begin}\n{count}")
    assert int(text_of(result.outputs[0])) <= 4
    wait_until(lambda: not any(MARKED in one.info["cmdline"] for one in _processes()))


def _processes() -> list[psutil.Process]:
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"]]


def test_memory_and_processor_time_end(run: Run) -> None:
    little = replace(GENEROUS, memory_bytes=300 * 1024**2)
    assert run("x = b'a' * 10**9", limits=little).error.splitlines()[-1].startswith("MemoryError")
    with pytest.raises(Broken, match=r"^It took over 2 seconds: "):
        run("while True: pass", limits=replace(GENEROUS, seconds=2))


@pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")
def test_r_is_shut_in_too(place: Path, processes: Processes, home: Path) -> None:
    cells = code("r", (f"readLines('{home}/secret_key')",))
    rest = (place / "posts", place / "home", GENEROUS, processes)
    error = rscript.run_cells(cells, [], *rest).error
    assert "cannot open" in error
    assert "do not tell" not in error


def test_where_nothing_can_be_shut_in_it_says_so_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refusing = tmp_path / "bwrap"
    refusing.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"
    )
    refusing.chmod(0o755)
    reasons = {
        "": "bubblewrap is not installed",
        str(tmp_path): "bubblewrap is not permitted to here (bwrap: No permissions to create new",
    }
    for path, reason in reasons.items():
        sandbox.why_not.cache_clear()
        monkeypatch.setenv("PATH", f"{path}{os.pathsep}/nowhere")
        with pytest.raises(Refused, match="--allow-unconfined") as refused:
            sandbox.require_confinement()
        assert reason in str(refused.value)
        assert len(str(refused.value).splitlines()) == 1
    sandbox.why_not.cache_clear()
