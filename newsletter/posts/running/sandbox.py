"""The code of a post shut in by bubblewrap: the programs of the system, which it may read, the
folder of its run, and nothing else. No network, no home, no other process, no variable of ours.
"""

import shutil
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from newsletter.errors import Refused

PROGRAM = "bwrap"
# Without what is in homes, in /var, /run, /srv and /root; of /etc what programs cannot do without.
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/nix/store")
CONFIGURATION = (
    "alternatives", "fonts", "group", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
    "mime.types", "nsswitch.conf", "passwd", "R",
)  # fmt: skip
ALONE = (
    "--unshare-all",
    "--die-with-parent",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",  # noqa: S108 - its own
)
SECONDS = 20
GO_ON = (
    "--allow-unconfined runs it all the same, with the rights of this user; in a task"
    " NEWSLETTER_POSTS_UNCONFINED does."
)


def confined(command: list[str], place: Path, readable: Iterable[Path | str]) -> list[str]:
    """``command``, which sees the system's programs, what is ``readable``, and may write to
    ``place``."""
    system = [*SYSTEM, *(f"/etc/{name}" for name in CONFIGURATION), *map(str, readable)]
    visible = [part for path in system for part in ("--ro-bind-try", path, path)]
    # Jupyter's kernel ends where its parent is another than the one that it is told of: inside
    # that is the first process.
    variables = ["--setenv", "JPY_PARENT_PID", "1"]
    return [PROGRAM, *ALONE, *visible, "--bind", str(place), str(place), *variables, *command]


def require_confinement() -> None:
    """Raises Refused where the system cannot shut anything in, with the reason and what to do."""
    if reason := why_not():
        raise Refused(f"This system cannot shut in the code of posts: {reason}. {GO_ON}")


@cache
def why_not() -> str:
    """Why nothing can be shut in here; empty: it can."""
    if shutil.which(PROGRAM) is None:
        return "bubblewrap is not installed (Debian has it as bubblewrap)"
    system = [part for path in SYSTEM for part in ("--ro-bind-try", path, path)]
    try:
        tried = subprocess.run(
            [PROGRAM, *ALONE, *system, "true"], capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start ({type(error).__name__})"
    last = "".join(tried.stderr.strip().splitlines()[-1:])[:200]
    return f"bubblewrap is not permitted to here ({last})" if tried.returncode else ""
