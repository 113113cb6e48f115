"""The package as a whole: what it costs to import, and what its page promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.client.conftest import Served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reader.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
SITE = "https://news.example.org"


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_imports_nothing_but_itself_and_what_comes_with_python() -> None:
    # What an environment loads at the start of any program is not the client's to answer for.
    found = printed(
        "import sys; before = set(sys.modules); import dataset_daily;"
        "new = set(sys.modules) - before;"
        "print(*(n for n in new if n.partition('.')[0] not in sys.stdlib_module_names))"
    ).split()
    assert "dataset_daily.site" in found
    assert [name for name in found if not name.startswith("dataset_daily")] == ["newsletter"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_the_page_runs_as_printed(program: str, served: Served) -> None:
    assert SITE in program
    here = program.replace(SITE, served.address).replace("penguins", "kinds")
    assert "kinds" in here or "newest" in here
    assert printed(here).strip()


def test_the_page_has_the_client_and_the_lines_without_it() -> None:
    without = [program for program in PROGRAMS if "dataset_daily" not in program]
    assert len(PROGRAMS) > len(without) > 0
    for program in without:
        assert "import pandas" in program
        assert len([line for line in program.splitlines() if line]) <= 4


def test_the_page_names_each_refusal() -> None:
    for name in ("NoSuchTable", "Unreachable", "Damaged", "NotInstalled", "Unusable"):
        assert f"| `{name}` |" in PAGE
