"""The default installation: how large it is, how soon it answers, and what it refuses.

The wheel is built and installed alone into an empty environment, from the package index that
pip is set to. Its size is what that adds to the environment; the start-up is the median of
``newsletter --version``. Then the starter catalog is read, which must work without any extra,
and each extra is asked for, which must be refused with the command that installs it.
"""

import os
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow
from bench import REPOSITORY, finish, timed
from pyarrow import feather

SIZE_MB, START_SECONDS = 380, 0.4
RUNS = 11
POST = REPOSITORY / "datasets" / "penguins" / "posts" / "02-how-much-heavier-are-males.md"


def main() -> None:
    with TemporaryDirectory(prefix="lean-") as name:
        folder = Path(name)
        subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
        (packages,) = (folder / "env" / "lib").glob("python*/site-packages")
        empty = _megabytes(packages)
        pip: list[str | Path] = [
            folder / "env" / "bin" / "pip",
            "--disable-pip-version-check",
            "--quiet",
        ]
        subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, REPOSITORY], check=True)
        (wheel,) = folder.glob("*.whl")
        subprocess.run([*pip, "install", wheel], check=True)
        size = _megabytes(packages) - empty
        start = statistics.median(
            timed(lambda: _check_done(folder, "--version")) for _ in range(RUNS)
        )
        _check_done(folder, "sync", str(REPOSITORY / "datasets"))
        _check_refusals(folder)
    finish(size_mb=size, start_seconds=start)
    if size > SIZE_MB or start > START_SECONDS:
        sys.exit(f"At most {SIZE_MB} MB and {START_SECONDS} s are allowed.")


def _check_refusals(folder: Path) -> None:
    table = folder / "table.arrow"
    feather.write_feather(pyarrow.table({"n": [1, 2]}), table)
    described = ("--slug", "numbers", "--title", "Numbers", "--license", "CC0-1.0")
    _check_refusal(folder, "arrow", "dataset", "add", str(table), *described)
    _check_refusal(folder, "run", "post", "run", str(POST))
    _check_refusal(folder, "postgres", "issue", "list", DATABASE_URL="postgresql://u@localhost/n")
    _check_refusal(folder, "ses", "issue", "list", NEWSLETTER_MAIL_URL="ses://us-east-1")


def _check_refusal(folder: Path, extra: str, *arguments: str, **environ: str) -> None:
    done = _newsletter(folder, *arguments, **environ)
    line = done.stderr.strip()
    print(line)
    if done.returncode != 1 or "\n" in line or f"pip install 'dataset-daily[{extra}]'" not in line:
        sys.exit(f"{' '.join(arguments)} must be refused with how to install [{extra}].")


def _check_done(folder: Path, *arguments: str) -> None:
    done = _newsletter(folder, *arguments)
    if done.returncode:
        sys.exit(done.stderr)


def _newsletter(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "env" / "bin" / "newsletter", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
    )


def _megabytes(folder: Path) -> int:
    """As ``du`` has it: what it takes of the disk."""
    return int(subprocess.check_output(["du", "-sm", folder], text=True).split()[0])


if __name__ == "__main__":
    main()
