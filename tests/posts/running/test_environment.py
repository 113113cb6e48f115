import io
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

from newsletter.posts.running import environment as making
from newsletter.posts.running.environment import Environment, Environments, NotInstalled
from newsletter.posts.running.limits import Processes

pytestmark = pytest.mark.xdist_group("posts run")


def test_what_is_required_is_there_as_pinned_and_a_duckdb_for_sql(
    environment: Environment,
) -> None:
    assert environment.versions["matplotlib"] == "3.10.8"
    assert environment.versions["duckdb"] == version("duckdb")
    assert environment.versions["python"].count(".") == 2


def test_it_is_fresh(environment: Environment) -> None:
    """What this program has is not what a post has."""
    asked = "import importlib.util as u; print(u.find_spec('sqlalchemy'), u.find_spec('numpy'))"
    said = subprocess.run([environment.python, "-c", asked], capture_output=True, text=True)
    assert said.stdout.startswith("None ModuleSpec")


def test_one_is_made_for_each_set_of_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(making, "_install", lambda *commands: made.append(commands))
    monkeypatch.setattr(making, "_versions", lambda *_: {})
    environments = Environments(tmp_path, Processes())
    first = environments.of(["a==1", "b==2"], sql=False)
    assert environments.of(["b==2", "a==1"], sql=False) is first
    assert environments.of(["a==1"], sql=False).folder != first.folder
    with_duckdb = environments.of(["DuckDB==1.4.2"], sql=False)
    assert environments.of(["DuckDB==1.4.2"], sql=True) is with_duckdb
    assert environments.of([], sql=True) is environments.of(
        [f"duckdb=={version('duckdb')}"], sql=True
    )
    assert len(made) == 4


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the only place to find packages in."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    return wheels


def test_what_is_not_to_be_had_is_said_in_one_sentence(alone: Path, tmp_path: Path) -> None:
    with pytest.raises(NotInstalled) as refused:
        Environments(tmp_path, Processes()).of(["nosuchpackage==1.0"], sql=False)
    assert str(refused.value).startswith("What it requires cannot be installed: ")
    assert "nosuchpackage==1.0" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_next_one_is_told_the_same(alone: Path, tmp_path: Path) -> None:
    environments = Environments(tmp_path, Processes())
    for _ in range(2):
        with pytest.raises(NotInstalled):
            environments.of(["nosuchpackage==1.0"], sql=False)


def test_an_index_that_is_not_reached_is_said_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(NotInstalled, match=r"because the package index was not reached: .+\.$"):
        Environments(tmp_path, Processes()).of(["nosuchpackage==1.0"], sql=False)


def test_a_package_is_never_built(alone: Path, tmp_path: Path) -> None:
    """To build is to run a stranger's code, with the variables that an installer is given."""
    ran = tmp_path / "ran"
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: evil\nVersion: 1.0\n",
        "evil.py": f"open({str(ran)!r}, 'w')",
        "pyproject.toml": "[build-system]\nrequires = []\n"
        'build-backend = "evil"\nbackend-path = ["."]\n',
    }
    with tarfile.open(alone / "evil-1.0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"evil-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    with pytest.raises(NotInstalled):
        Environments(tmp_path, Processes()).of(["evil==1.0"], sql=False)
    assert not ran.exists()


@pytest.mark.parametrize("has_uv", [True, False])
def test_uv_is_used_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_uv: bool
) -> None:
    made: list[list[str]] = []
    monkeypatch.setattr(making, "_install", lambda _, *commands: made.extend(commands))
    monkeypatch.setattr(making, "_versions", lambda *_: {})
    monkeypatch.setattr(shutil, "which", lambda _: "/usr/bin/uv" if has_uv else None)
    Environments(tmp_path, Processes()).of(["a==1"], sql=False)
    assert {command[0] for command in made} == {"/usr/bin/uv" if has_uv else sys.executable}
    assert all(word in made[1] for word in ("--only-binary", "a==1", making.IPYKERNEL))
