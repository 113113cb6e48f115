"""Posts of dataset folders that need no environment: the others are run in tests/cli."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.errors import NotFound
from newsletter.models.post import RunStatus
from newsletter.posts.running import rscript
from newsletter.posts.running.folder import posts_in, run_files
from newsletter.posts.running.run import Ran
from tests.posts.running.conftest import GENEROUS, RAIN, Folder

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
R = '```r\nx <- read.csv("../data/rain.csv")\nnrow(x)\n```\n'
PYTHON = "```python\n1 + 1\n```\n"


def _run(*paths: Path) -> list[Ran]:
    return list(run_files(paths, GENEROUS, NOW))


def _refused(path: Path) -> str:
    """The sentence with which the post in ``path`` must be refused."""
    (ran,) = _run(path)
    assert ran.record is not None
    assert (ran.record.status, ran.record.at) == (RunStatus.REFUSED, NOW)
    assert ran.record.outputs == []
    return ran.record.error


def test_posts_are_found_in_each_folder_and_in_one(folder: Folder) -> None:
    second = folder.post("02-sun.ipynb", "")
    first = folder.post("01-rain.md", R)
    (folder.dataset / "posts" / "01-rain.run.json").write_text("{}")
    shutil.copytree(folder.dataset, folder.root / "snow")
    assert posts_in(folder.dataset) == [first, second]
    names = [path.relative_to(folder.root).parts[0] for path in posts_in(folder.root)]
    assert names == ["rain", "rain", "snow", "snow"]


def test_a_folder_without_posts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no post in"):
        posts_in(tmp_path)


def test_one_changed_byte_of_the_data_refuses_with_both_checksums(folder: Folder) -> None:
    post = folder.post("01-rain.md", PYTHON)
    before = folder.sha256()
    folder.csv.write_text(RAIN.replace("781", "782"))
    said = _refused(post)
    assert said.startswith("The data differ: rain has the SHA-256 ")
    assert before in said
    assert folder.sha256() in said


def test_another_table_or_version_of_the_data_is_refused(folder: Folder) -> None:
    named = {"rain": folder.sha256(), "snow": "0" * 64}
    assert "names a table snow" in _refused(folder.post("01-rain.md", PYTHON, data=named))


def test_a_table_that_has_not_been_made_is_said(folder: Folder) -> None:
    post = folder.post("01-rain.md", PYTHON)
    folder.csv.unlink()
    assert _refused(post) == "data/rain.csv has not been made: run prepare.py in rain."


def test_what_does_not_read_is_refused_and_stops_no_other(folder: Folder) -> None:
    broken = folder.post("01-rain.md", PYTHON, requires=["pandas"])
    shown_only = folder.post("02-rain.md", "```python no-run\n1\n```\n")
    first, second = _run(broken, shown_only)
    assert "must name one version with ==" in first.sentence
    assert second.sentence == "refused: It has no code that is run."


def test_a_folder_that_does_not_read_refuses_its_posts(folder: Folder) -> None:
    post = folder.post("01-rain.md", PYTHON)
    (folder.dataset / "dataset.yaml").write_text("title: [")
    assert "dataset.yaml" in _refused(post)


def test_r_is_skipped_where_there_is_none(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rscript, "is_installed", lambda: False)
    (ran,) = _run(folder.post("01-rain.md", R, language="r"))
    assert ran.record is None
    assert ran.sentence == "skipped: Rscript is not installed here."
    assert not ran.failed


@pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")
def test_a_run_is_recorded_whole(folder: Folder) -> None:
    post = folder.post("01-rain.md", R, language="r", requires=["stats"])
    (ran,) = _run(post)
    assert ran.record is not None
    assert ran.name == "rain/01-rain.md"
    assert ran.record.status is RunStatus.RAN
    assert ran.record.data == {"rain": folder.sha256()}
    assert list(ran.record.versions) == ["R", "stats"]
    assert ran.record.seconds > 0
    assert ran.record.outputs[0][0]["text"] == "[1] 3\n"
    assert ran.sentence.startswith("ran in ")


@pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")
def test_what_cannot_be_had_is_a_failure(folder: Folder) -> None:
    (ran,) = _run(folder.post("01-rain.md", R, language="r", requires=["nosuchpackage"]))
    assert ran.record is not None
    assert ran.record.status is RunStatus.FAILED
    assert "nosuchpackage" in ran.record.error
