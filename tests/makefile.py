"""Running make as a contributor does, with the tools that run these tests."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAMPS = (f"{sys.prefix}/.installed", f"{sys.prefix}/.installed-test", "node_modules/.installed")


def make(*arguments: str) -> list[str]:
    """The command line of make that takes all as installed which installs something."""
    as_installed = [word for stamp in STAMPS for word in ("--old-file", stamp)]
    return ["make", "--no-print-directory", *as_installed, f"VENV={sys.prefix}", *arguments]


def environ(**more: str) -> dict[str, str]:
    """The environment for it: not that of a make that may be running these tests."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return kept | {"PYTHONUNBUFFERED": "1"} | more
