"""The Procfile with honcho itself, as docs/operator.md says."""

import os
import re
import shutil
import sys
from pathlib import Path

import psutil

from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.functional.site import free_port
from tests.functional.test_process_group import NUMBERS, is_ready, names_of
from tests.heartbeats.rows import names
from tests.migrated import migrate
from tests.process_group import REPOSITORY, Group, lives
from tests.waiting import wait_until

SIGTERM_OF_HONCHO = 143
COMMAND = re.compile(r"^honcho start -p 8000 (.+)$", re.MULTILINE)


def test_honcho_runs_the_documented_processes_at_the_documented_port(
    environ: dict[str, str], tmp_path: Path
) -> None:
    unused_port = free_port()
    shutil.copy(REPOSITORY / "Procfile", tmp_path)
    documented = COMMAND.search((REPOSITORY / "docs" / "operator.md").read_text())
    assert documented is not None
    scripts = Path(sys.executable).parent
    del environ["NEWSLETTER_BASE_URL"]
    path = {"PATH": os.pathsep.join([str(scripts), os.environ["PATH"]])}
    environ = os.environ | environ | path | {"PYTHONPATH": os.pathsep.join(sys.path)}
    environ.pop("PORT", None)
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    honcho = [str(scripts / "honcho"), "start", "-p", str(unused_port), *documented[1].split()]
    with Group(honcho, environ, tmp_path) as group:
        wait_until(lambda: is_ready({"PORT": str(unused_port)}))
        wait_until(lambda: all(len(names_of(opened.db, r)) == n for r, n in NUMBERS.items()))
        started = psutil.Process(group.process.pid).children(recursive=True)
        ports = {
            name: process.environ().get("PORT")
            for process in started
            for name in ("clock", "worker")
            if process.cmdline()[-1:] == [name]
        }
        assert ports == {"clock": None, "worker": None}  # links lead to that of the site
        assert group.end() == SIGTERM_OF_HONCHO
    stopped = [line for line in group.lines if "stopped (rc=" in line]
    assert len(stopped) == len(NUMBERS)
    assert all(line.endswith("(rc=0)") for line in stopped), stopped
    assert not any(lives(process.pid) for process in started)
    assert names(opened.db) == set()
    opened.db.close()
