"""Who holds a lock is alive; who is dead is known at once, and only in its own home."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from newsletter.delivery.queue.worker_liveness import crashed, dead, registered, remove_lock_files

ENLIST = """
import sys, time
from pathlib import Path
from newsletter.delivery.queue.worker_liveness import registered
with registered(Path(sys.argv[1])) as name:
    print(name, flush=True)
    time.sleep(600)
"""


def test_a_worker_is_alive_until_its_block_ends(tmp_path: Path) -> None:
    with registered(tmp_path) as name:
        assert dead(tmp_path, {name}) == set()
    assert dead(tmp_path, {name}) == {name}


def test_two_workers_of_a_process_have_two_names(tmp_path: Path) -> None:
    with registered(tmp_path) as one, registered(tmp_path) as other:
        assert one != other
        assert dead(tmp_path, {one, other}) == set()


def test_a_worker_that_was_killed_is_dead_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENLIST, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert dead(tmp_path, {name}) == set()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert dead(tmp_path, {name}) == {name}


def test_the_fallen_are_those_whose_file_is_left_until_they_are_buried(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENLIST, str(tmp_path)]
    with (
        registered(tmp_path) as alive,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert crashed(tmp_path) == set()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert crashed(tmp_path) == crashed(tmp_path) == {name}
        remove_lock_files(tmp_path, {name})
        assert crashed(tmp_path) == set()
        assert dead(tmp_path, {alive, name}) == {name}


def test_a_worker_is_known_dead_again_after_its_file_was_cleared_away(tmp_path: Path) -> None:
    with registered(tmp_path) as name:
        pass
    assert dead(tmp_path, {name}) == {name}
    assert dead(tmp_path, {name}) == {name}


def test_nothing_is_said_of_the_workers_of_another_home(tmp_path: Path) -> None:
    with registered(tmp_path / "there") as elsewhere:
        pass
    with registered(tmp_path / "here"):
        assert dead(tmp_path / "here", {elsewhere, "no name of ours"}) == set()


def test_a_home_keeps_its_name(tmp_path: Path) -> None:
    names = []
    for _ in range(2):
        with registered(tmp_path) as name:
            names.append(name.split(".")[0])
    assert names[0] == names[1] != ""


def test_a_name_out_of_the_database_is_no_path(tmp_path: Path) -> None:
    with registered(tmp_path) as name:
        home = name.split(".")[0]
    (tmp_path / "workers" / f"{home}.").mkdir()
    precious = tmp_path / "secret_key"
    precious.write_text("secret")
    dead(tmp_path, {f"{home}./../../secret_key"})
    assert precious.read_text() == "secret"


def test_workers_that_come_first_together_agree_on_the_home(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    homes = []

    def enlist() -> None:
        together.wait()
        with registered(tmp_path) as name:
            homes.append(name.split(".")[0])

    threads = [threading.Thread(target=enlist) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(homes) == 8
    assert len(set(homes)) == 1
