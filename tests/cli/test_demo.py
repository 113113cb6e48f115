import shutil
import socket
from pathlib import Path

import pytest

from newsletter.cli import demo
from newsletter.resources import shipped
from tests.cli.conftest import Shell


@pytest.fixture
def small_catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo finds one dataset, the one that it features."""
    folder = tmp_path / "datasets"
    shutil.copytree(shipped("datasets") / demo.FEATURED, folder / demo.FEATURED)
    monkeypatch.setattr(demo, "shipped", {"datasets": folder}.__getitem__)


@pytest.mark.usefixtures("small_catalog")
def test_it_sends_an_issue_to_everyone_and_the_balance_holds(empty: Shell) -> None:
    said = empty.done("demo", "here", "--no-serve")
    assert f"{len(demo.READERS)} candidates = {len(demo.READERS)} sent" in said
    assert len(list(Path("here/outbox/new").iterdir())) == len(demo.READERS)


@pytest.mark.usefixtures("small_catalog")
def test_again_it_takes_a_folder_of_its_own(empty: Shell) -> None:
    Path("here").mkdir()
    Path("here/notes.txt").write_text("mine")
    empty.done("demo", "here", "--no-serve")
    assert [path.name for path in Path("here").iterdir()] == ["notes.txt"]
    assert Path("here-2/newsletter.db").exists()


@pytest.mark.usefixtures("small_catalog")
def test_it_leaves_the_installation_around_it_alone(empty: Shell) -> None:
    empty.environ["NEWSLETTER_MAIL_URL"] = "smtp://127.0.0.1:1"
    empty.environ["DATABASE_URL"] = "postgresql://127.0.0.1:1/real"
    empty.done("demo", "here", "--no-serve")


def test_a_port_in_use_is_refused_before_anything_is_done(empty: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        empty.environ["PORT"] = str(taken.getsockname()[1])
        assert "PORT" in empty.refused("demo", "here")
    assert not Path("here/newsletter.db").exists()
