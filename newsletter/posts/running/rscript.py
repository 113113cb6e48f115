"""R cells, run by Rscript with the packages that this machine has."""

import base64
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from newsletter.posts.reading.parsed_post import WrittenCode
from newsletter.posts.running.child_environ import for_code, for_installer
from newsletter.posts.running.environment import NotInstalled
from newsletter.posts.running.limits import INSIDE, Processes, RunLimits, limited
from newsletter.posts.running.result import Result, ended, last_lines, too_much, too_slow
from newsletter.posts.running.sandbox import confined

PROGRAM = "Rscript"
EVALUATED = " in eval(expression, globalenv()) :"  # of inside/cells.R, which nobody wrote


def is_installed() -> bool:
    return shutil.which(PROGRAM) is not None


def run_cells(
    cells: Sequence[WrittenCode],
    packages: Sequence[str],
    posts: Path,
    home: Path,
    limits: RunLimits,
    processes: Processes,
) -> Result:
    """Run ``cells`` one after the other, in the folder ``posts``, until one fails.

    ``home`` is an empty folder of this run's own. Raises NotInstalled for packages that the
    machine lacks, and Broken; no process is left.
    """
    folder = home / "cells"
    folder.mkdir()
    for at, cell in enumerate(cells, start=1):
        (folder / f"{at:03d}.R").write_text(cell.source + "\n", encoding="utf-8")
    command = [PROGRAM, "--vanilla", str(INSIDE / "cells.R"), str(folder), *packages]
    libraries = _libraries()
    variables = for_code(os.environ.get("PATH", os.defpath), home, R_LIBS=libraries)
    if limits.is_confined:
        command = confined(command, posts.parent, [*libraries.split(":"), INSIDE])
    _execute(limited(command, limits), posts, variables, limits, processes)
    if (lacking := folder / "missing.txt").exists():
        names = ", ".join(lacking.read_text().split())
        raise NotInstalled(f"It requires packages of R that are not installed here: {names}.")
    outputs = _outputs(folder, len(cells), limits)
    if not (folder / "ended.txt").exists():
        raise ended(limits)
    errors = [path.read_text("utf-8", "replace") for path in folder.glob("*.error")]
    return Result(outputs, last_lines("\n".join(errors)), _versions(folder))


def _execute(
    command: list[str],
    cwd: Path,
    variables: Mapping[str, str],
    limits: RunLimits,
    processes: Processes,
) -> None:
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # what is shown is kept in files, a cell each
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        processes.add(process.pid)
        try:
            process.wait(limits.seconds)
        except subprocess.TimeoutExpired as error:
            raise too_slow(limits) from error
        finally:
            processes.end(process.pid)


def _outputs(folder: Path, cells: int, limits: RunLimits) -> list[list[dict[str, Any]]]:
    """Of each cell what it printed, then its figures, then why it failed. Raises Broken."""
    if sum(path.stat().st_size for path in folder.iterdir()) > limits.output_bytes:
        raise too_much(limits)
    return [_outputs_of(folder, f"{at:03d}") for at in range(1, cells + 1)]


def _outputs_of(folder: Path, cell: str) -> list[dict[str, Any]]:
    outputs: list[dict[str, Any]] = []
    for path in folder.glob(f"{cell}.txt"):
        if text := path.read_text("utf-8", "replace").replace(EVALUATED, ":"):
            outputs.append({"output_type": "stream", "name": "stdout", "text": text})
    outputs += [_figure(path) for path in sorted(folder.glob(f"{cell}-*.png"))]
    for path in folder.glob(f"{cell}.error"):
        message = path.read_text("utf-8", "replace").strip()
        lines = message.splitlines()
        outputs.append(
            {"output_type": "error", "ename": "Error", "evalue": message, "traceback": lines}
        )
    return outputs


def _figure(path: Path) -> dict[str, Any]:
    with Image.open(path) as image:
        size = {"width": image.width // 2, "height": image.height // 2}
    return {
        "output_type": "display_data",
        "data": {"image/png": base64.b64encode(path.read_bytes()).decode()},
        "metadata": {"image/png": size},
    }


def _versions(folder: Path) -> dict[str, str]:
    lines = (folder / "versions.tsv").read_text().splitlines()
    return dict(line.split("\t") for line in lines)


def _libraries() -> str:
    """Where R looks for packages; a user's own are in a home that the code will not see."""
    done = subprocess.run(
        [PROGRAM, "--vanilla", "-e", "cat(.libPaths(), sep = ':')"],
        env=for_installer(os.environ),
        capture_output=True,
        text=True,
    )
    return done.stdout
