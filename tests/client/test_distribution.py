"""The client as a reader installs it: a wheel of its own, alone in an empty environment."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from newsletter.catalog.sync import Done, sync
from tests.client.conftest import MONDAY, Served, newsletter

ROOT = Path(__file__).parents[2]
PENGUINS = 'from dataset_daily import load; table = load("penguins"); '
ROWS = PENGUINS + "print(type(table).__name__, len(table))"


@pytest.fixture(scope="module")
def client_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT / "client", tmp_path_factory.mktemp("client-wheel"))


@pytest.fixture(scope="module")
def newsletter_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(ROOT, tmp_path_factory.mktemp("newsletter-wheel"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running site that has published the penguins of the starter catalog."""
    with newsletter(tmp_path_factory.mktemp("penguins")) as (opened, served):
        (step,) = sync(opened.db, opened.storage, ROOT / "datasets" / "penguins", MONDAY)
        assert step.done == Done.ADDED, step.note
        yield served


def built(project: Path, folder: Path) -> Path:
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(project))
    (wheel,) = folder.glob("*.whl")
    return wheel


def pip(*arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments],
        env=os.environ | {"PIP_NO_INDEX": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def environment(folder: Path, *wheels: Path) -> Path:
    """The Python of a new environment that has these wheels and nothing else, not even pip."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    for wheel in wheels:
        pip("--python", str(python), "install", "--no-deps", str(wheel))
    return python


def run(
    python: Path, program: str, site: Served, *options: str
) -> subprocess.CompletedProcess[str]:
    cache = python.parents[1] / "cache"
    return subprocess.run(
        [python, "-I", *options, "-c", program],
        env={"NEWSLETTER_SITE": site.address, "XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def files(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_is_small_and_needs_nothing(client_wheel: Path) -> None:
    about = metadata(client_wheel)
    assert about["Name"] == "dataset-daily-client"
    assert about.get_all("Requires-Dist") is None
    with ZipFile(client_wheel) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) < 200_000
    assert "dataset_daily/py.typed" in files(client_wheel)
    assert {name.partition("/")[0] for name in files(client_wheel)} == {
        "dataset_daily",
        f"dataset_daily_client-{about['Version']}.dist-info",
    }


def test_it_has_the_licence_of_the_newsletter(client_wheel: Path) -> None:
    assert metadata(client_wheel)["License-Expression"] == "MIT"
    assert (ROOT / "client" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_alone_it_loads_the_penguins_as_rows(
    client_wheel: Path, site: Served, tmp_path: Path
) -> None:
    python = environment(tmp_path / "alone", client_wheel)
    assert run(python, ROWS, site, "-W", "error").stdout == "list 344\n"
    first = run(python, PENGUINS + "print(table[0])", site, "-W", "error").stdout
    assert first.startswith("{'species': 'Adelie', 'island': 'Torgersen', 'bill_length_mm': 39.1,")
    refused = run(python, 'import dataset_daily as d; d.load("penguins", using="pandas")', site)
    assert refused.stderr.endswith(
        "NotInstalled: pandas is not installed: run pip install pandas, or leave out"
        " using='pandas'.\n"
    )


def test_beside_pandas_it_loads_a_data_frame(
    client_wheel: Path, site: Served, tmp_path: Path
) -> None:
    python = environment(tmp_path / "beside", client_wheel)
    (packages,) = python.parents[1].glob("lib/*/site-packages")
    (packages / "pandas.pth").write_text(sysconfig.get_path("purelib"))
    assert run(python, ROWS, site).stdout == "DataFrame 344\n"
    assert run(python, PENGUINS + "print(type(table).__module__)", site).stdout == "pandas\n"


def test_the_newsletter_depends_on_no_client_and_has_no_file_of_it(
    client_wheel: Path, newsletter_wheel: Path
) -> None:
    required = metadata(newsletter_wheel).get_all("Requires-Dist") or []
    assert required
    assert [name for name in required if name.startswith("dataset")] == []
    assert files(client_wheel) & files(newsletter_wheel) == set()
    assert "newsletter/_dataset_daily/__init__.py" in files(newsletter_wheel)


def test_the_old_name_works_with_the_wheel_of_the_newsletter_alone(
    newsletter_wheel: Path, site: Served, tmp_path: Path
) -> None:
    python = environment(tmp_path / "newsletter", newsletter_wheel)
    old = run(python, ROWS.replace("dataset_daily", "newsletter.client"), site)
    assert old.stdout == "list 344\n"
    assert "DeprecationWarning: newsletter.client is now dataset_daily" in old.stderr


def test_both_wheels_are_one_client(
    client_wheel: Path, newsletter_wheel: Path, site: Served, tmp_path: Path
) -> None:
    python = environment(tmp_path / "both", client_wheel, newsletter_wheel)
    program = "import dataset_daily as new, newsletter.client as old; print(old.load is new.load)"
    assert run(python, program, site).stdout == "True\n"


def test_a_checkout_that_is_installed_has_both_names(site: Served, tmp_path: Path) -> None:
    build = "import sys, hatchling.build as build; print(build.build_editable(sys.argv[1]))"
    name = subprocess.check_output(
        [sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, text=True, timeout=300
    )
    python = environment(tmp_path / "checkout", tmp_path / name.strip())
    program = "import dataset_daily as new, newsletter.client as old; print(old.load is new.load)"
    assert run(python, program, site).stdout == "True\n"
