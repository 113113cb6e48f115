"""Fresh environments: one for each distinct set of requirements, made when first asked for."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from newsletter.errors import Refused
from newsletter.posts.running.child_environ import for_code, for_installer
from newsletter.posts.running.limits import INSIDE, Processes

IPYKERNEL = "ipykernel==7.4.0"  # in every environment, beside what a post requires
INSTALL_SECONDS = 900
FONTS = "matplotlib"  # the folder of what it knows of the machine's fonts
NO_CONNECTION = (  # as pip and uv say it
    "Retrying (",
    "Failed to fetch",
    "error sending request",
    "client error",
    "dns error",
)


class NotInstalled(Refused):
    """What a post requires cannot be had: its code did not run."""


@dataclass(frozen=True, slots=True)
class Environment:
    folder: Path
    versions: Mapping[str, str]  # python's, and each required package's, as installed

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def programs(self) -> tuple[Path, Path]:
        """The folders that its Python needs: its own, and that of which it was made."""
        return self.folder, self.python.resolve().parents[1]

    def variables(self, home: Path) -> dict[str, str]:
        """The environment variables of code that runs in it."""
        fonts = self.folder / FONTS
        if fonts.is_dir():  # found once, for all posts, none of which writes there
            shutil.copytree(fonts, home / FONTS, dirs_exist_ok=True)
        return _variables(self.folder, home, home / FONTS)


class Environments:
    """The environments of one invocation, in ``folder``, which whoever made it removes."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        """``processes`` ends those that install, too."""
        self._folder = folder
        self._processes = processes
        self._made: dict[frozenset[str], Future[Environment]] = {}
        self._lock = Lock()

    def of(self, requires: Sequence[str], sql: bool) -> Environment:
        """An environment with what is required, and for ``sql`` a DuckDB. Raises NotInstalled."""
        wanted = frozenset(requires) | ({_duckdb()} if sql and not _has_duckdb(requires) else set())
        with self._lock:
            known = self._made.get(wanted)
            future = self._made.setdefault(wanted, Future())
        if known is None:  # whoever comes first makes it, the others wait
            try:
                future.set_result(self._make(wanted))
            except BaseException as error:
                future.set_exception(error)
        return future.result()

    def _make(self, wanted: frozenset[str]) -> Environment:
        requires = sorted(wanted)
        digest = hashlib.sha256("\n".join(requires).encode()).hexdigest()[:12]
        place = self._folder / f"environment-{digest}"
        uv = shutil.which("uv")
        commands = (_creating(uv, place), _adding(uv, place, [*requires, IPYKERNEL]))
        _install(self._processes, *commands)
        names = [Requirement(line).name for line in requires]
        return Environment(place, _versions(place, names))


def _creating(uv: str | None, place: Path) -> list[str]:
    if uv:
        return [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(place)]
    without = ["--without-pip"] if find_spec("pip") else []  # ours will do, and is quicker
    return [sys.executable, "-m", "venv", *without, str(place)]


def _adding(uv: str | None, place: Path, requires: list[str]) -> list[str]:
    """Wheels only: to build a package is to run its code, where our variables are."""
    python = str(place / "bin" / "python")
    wheels = ["--only-binary", ":all:", "--", *requires]
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", python, *wheels]
    pip = (
        [sys.executable, "-m", "pip", "--python", python]
        if find_spec("pip")
        else [python, "-m", "pip"]
    )
    quietly = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
    return [*pip, "install", *quietly, "--retries", "2", *wheels]


def _install(processes: Processes, *commands: list[str]) -> None:
    for command in commands:
        with subprocess.Popen(
            command,
            env=for_installer(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            processes.add(process.pid)
            try:
                output, errors = process.communicate(timeout=INSTALL_SECONDS)
            except subprocess.TimeoutExpired as error:
                raise NotInstalled(
                    f"What it requires was not installed in {INSTALL_SECONDS // 60} minutes:"
                    " try again where the package index is faster."
                ) from error
            finally:
                processes.end(process.pid)
        if process.returncode:
            raise NotInstalled(_why(errors or output))


def _why(output: str) -> str:
    """One sentence of what an installer printed when it failed."""
    if any(sign in output for sign in NO_CONNECTION):
        return (
            "What it requires cannot be installed, because the package index was not reached:"
            " look at the network, and at PIP_INDEX_URL if you have set it."
        )
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    error_text = errors[-1] if errors else " ".join(lines)  # uv draws a tree over several lines
    reason = error_text.removeprefix("error: ")
    return f"What it requires cannot be installed: {reason[:500].rstrip('.')}."


def _versions(place: Path, names: list[str]) -> dict[str, str]:
    done = subprocess.run(
        [place / "bin" / "python", "-I", INSIDE / "ready.py", *names],
        env=_variables(place, place / "home", place / FONTS),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing."])[-1]
        raise NotInstalled(f"What it requires was installed, but does not start: {last[:500]}")
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def _variables(place: Path, home: Path, fonts: Path) -> dict[str, str]:
    path = f"{place / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return for_code(path, home, VIRTUAL_ENV=str(place), MPLCONFIGDIR=str(fonts))


def _duckdb() -> str:
    return f"duckdb=={version('duckdb')}"


def _has_duckdb(requires: Sequence[str]) -> bool:
    return any(canonicalize_name(Requirement(line).name) == "duckdb" for line in requires)
