"""The posts of dataset folders come in as drafts, with their runs."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from newsletter.catalog import datasets
from newsletter.catalog.sync import Done, Step
from newsletter.db import Database
from newsletter.models.post import PostState, RunStatus
from newsletter.posts import posts
from newsletter.posts.run_record import RunRecord, path_beside, read_record, write_record
from newsletter.posts.sync import sync
from newsletter.storage import Storage
from tests import factories
from tests.posts import written
from tests.posts.written import stream

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
BODY = "Read it.\n\n```python\nprint(len(penguins))\n```\n"


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def folder(tmp_path: Path, sqlite_db: Database, storage: Storage) -> Path:
    """The posts of the penguins, which are in the catalog."""
    with sqlite_db.write() as session:
        factories.dataset(session, storage)
    folder = tmp_path / "datasets" / "penguins" / "posts"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def checksum(sqlite_db: Database, folder: Path) -> str:
    with sqlite_db.read() as session:
        version = datasets.published(session, "penguins")
        return str(version.tables[0].files["csv"]["sha256"])


def synced(db: Database, storage: Storage, folder: Path) -> list[Step]:
    return list(sync(db, storage, folder.parents[1], NOW))


def ran(path: Path, text: str = "6\n") -> RunRecord:
    return RunRecord(
        at=NOW,
        status=RunStatus.RAN,
        seconds=1,
        versions={"python": "3.11.9"},
        source=sha256(path.read_bytes()).hexdigest(),
        outputs=[[stream(text)]],
    )


def test_a_post_comes_in_as_a_draft_and_again_changes_nothing(
    sqlite_db: Database, storage: Storage, folder: Path, checksum: str
) -> None:
    path = folder / "01-load.md"
    path.write_bytes(written.markdown(BODY, data={"penguins": checksum}))
    (folder / "README.md").write_text("Not a post.")
    assert synced(sqlite_db, storage, folder) == [Step("penguins/01-load.md", Done.ADDED)]
    assert synced(sqlite_db, storage, folder) == [Step("penguins/01-load.md", Done.UNCHANGED)]
    with sqlite_db.read() as session:
        post = posts.get(session, "penguins-load")
        assert (post.state, post.runs, post.cells[1]["outputs"]) == (PostState.DRAFT, [], [])


def test_its_run_comes_with_it(
    sqlite_db: Database, storage: Storage, folder: Path, checksum: str
) -> None:
    path = folder / "01-load.md"
    path.write_bytes(written.markdown(BODY, data={"penguins": checksum}))
    synced(sqlite_db, storage, folder)
    write_record(path, ran(path))
    assert read_record(path_beside(path)) == ran(path)
    assert synced(sqlite_db, storage, folder) == [Step("penguins/01-load.md", Done.CHANGED)]
    with sqlite_db.read() as session:
        post = posts.get(session, "penguins-load")
        assert [run.versions for run in post.runs] == [{"python": "3.11.9"}]
        assert post.cells[1]["outputs"] == [{"kind": "text", "text": "6"}]


def test_one_that_is_refused_stops_no_other(
    sqlite_db: Database, storage: Storage, folder: Path, checksum: str
) -> None:
    (folder / "01-bad.ipynb").write_text("no notebook")
    (folder / "02-none.md").write_bytes(written.markdown(BODY, version="9.0.0"))
    (folder / "03-good.md").write_bytes(written.markdown(BODY, data={"penguins": checksum}))
    (folder / "04-other.md").write_bytes(written.markdown(BODY))
    (folder / "05-ran.md").write_bytes(written.markdown(BODY))
    (folder / "05-ran.run.json").write_text("{}")
    bad, none, good, other, ran_ = synced(sqlite_db, storage, folder)
    assert (bad.done, none.done, good.done) == (Done.REFUSED, Done.REFUSED, Done.ADDED)
    assert "is not a Jupyter notebook" in bad.note
    assert "has no version 9.0.0" in none.note
    assert (other.done, checksum in other.note) == (Done.ADDED, True)
    assert (ran_.done, ran_.note) == (
        Done.REFUSED,
        "05-ran.run.json is no record of a run: run the post again.",
    )


def test_posts_of_a_dataset_that_is_not_in_the_catalog_wait(
    sqlite_db: Database, storage: Storage, folder: Path
) -> None:
    other = folder.parents[1] / "nile" / "posts"
    other.mkdir(parents=True)
    (other / "01-load.md").write_bytes(written.markdown(BODY))
    (step,) = synced(sqlite_db, storage, folder)
    assert step == Step("nile/01-load.md", Done.SKIPPED, "The dataset nile is not in the catalog.")


@pytest.mark.parametrize("first", ["01-load.md", "02-load.md"])
def test_two_files_that_would_be_one_post_do_not_take_turns_at_it(
    sqlite_db: Database, storage: Storage, folder: Path, checksum: str, first: str
) -> None:
    one, other = folder / "01-load.md", folder / "02-load.md"
    texts = {
        path: written.markdown(f"{path.name}.\n\n{BODY}", data={"penguins": checksum})
        for path in (one, other)
    }
    (folder / first).write_bytes(texts[folder / first])
    synced(sqlite_db, storage, folder)
    for path, text in texts.items():
        path.write_bytes(text)
    for _ in range(2):
        steps = {step.slug: step for step in synced(sqlite_db, storage, folder)}
        refused = steps.pop(f"penguins/{other.name if first == one.name else one.name}")
        assert (refused.done, "give this one another slug" in refused.note) == (Done.REFUSED, True)
        assert first in refused.note
        assert [step.done for step in steps.values()] == [Done.UNCHANGED]


def test_of_two_new_files_that_would_be_one_post_the_first_is(
    sqlite_db: Database, storage: Storage, folder: Path, checksum: str
) -> None:
    for name in ("01-load.md", "02-load.md"):
        text = written.markdown(f"{name}.\n\n{BODY}", data={"penguins": checksum})
        (folder / name).write_bytes(text)
    assert [step.done for step in synced(sqlite_db, storage, folder)] == [Done.ADDED, Done.REFUSED]
