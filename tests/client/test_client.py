"""The package as a whole: what it costs to import, and what its page promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.catalog.describe.test_loaders import END
from tests.client.conftest import Served

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reader.md").read_text(encoding="utf-8")
README = (ROOT / "client" / "README.md").read_text(encoding="utf-8")
SITE = "https://news.example.org"


def programs(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


def printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=ROOT / "client",
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_imports_nothing_but_itself_and_what_comes_with_python() -> None:
    # What an environment loads at the start of any program is not the client's to answer for.
    imported = printed(
        "import sys; before = set(sys.modules); import dataset_daily;"
        "new = set(sys.modules) - before;"
        "print(*(n for n in new if n.partition('.')[0] not in sys.stdlib_module_names))"
    ).split()
    assert "dataset_daily.site" in imported
    assert [name for name in imported if not name.startswith("dataset_daily")] == []


@pytest.mark.parametrize("program", [*programs(PAGE), *programs(README)])
def test_a_program_of_the_pages_runs_as_printed(program: str, served: Served) -> None:
    assert SITE in program
    here = program.replace(SITE, served.address).replace("penguins", "kinds")
    assert "kinds" in here or "newest" in here
    assert printed(here + (END["pandas"] if "read_parquet" in here else "")).strip()


def test_the_page_has_the_client_and_the_lines_without_it() -> None:
    without = [program for program in programs(PAGE) if "dataset_daily" not in program]
    assert len(programs(PAGE)) > len(without) > 0
    for program in without:
        assert "import pandas" in program
        assert len([line for line in program.splitlines() if line]) <= 4


OLD_NAME = """
import warnings
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    import newsletter.client as old
import dataset_daily as new
print(warned[0].category.__name__, warned[0].filename, warned[0].message)
print([name for name in new.__all__ if getattr(old, name) is not getattr(new, name)])
"""


def test_the_old_name_is_the_same_and_says_that_it_goes() -> None:
    warning, different = printed(OLD_NAME).splitlines()
    assert warning.startswith("DeprecationWarning <string> newsletter.client is now dataset_daily,")
    assert different == "[]"


def test_the_page_names_each_refusal() -> None:
    for name in ("NoSuchTable", "Withdrawn", "Unreachable", "Damaged", "NotInstalled", "Unusable"):
        assert f"| `{name}` |" in PAGE
