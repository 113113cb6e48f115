"""What the catalog keeps of a run. R needs no new environment, so it is quick."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newsletter.catalog.sync import sync as sync_datasets
from newsletter.db import Database
from newsletter.models.post import Post, RunStatus
from newsletter.posts import posts
from newsletter.posts.run_record import write_record
from newsletter.posts.running import rscript
from newsletter.posts.running.folder import run_files
from newsletter.posts.running.run import Ran
from newsletter.posts.running.run_published import keep, run_held, shown_cells
from newsletter.posts.sync import sync as sync_posts
from newsletter.storage import Storage
from tests.posts.running.conftest import GENEROUS, SEEN, Folder
from tests.posts.written import code, notebook, stream
from tests.waiting import wait_until_ended

pytestmark = pytest.mark.skipif(not rscript.is_installed(), reason="Rscript is not installed")

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
DAY = timedelta(days=1)
LATER = NOW + DAY
R = '```r\nx <- read.csv("../data/rain.csv")\nsum(x$rain_mm)\n```\n'


class Catalog:
    """What ``newsletter sync`` made of a folder with one dataset, and one post on it."""

    def __init__(self, db: Database, storage: Storage, folder: Folder) -> None:
        self.db, self.storage, self.folder = db, storage, folder

    def sync(self) -> None:
        for sync in (sync_datasets, sync_posts):
            list(sync(self.db, self.storage, self.folder.root, NOW))

    def run(self, now: datetime = NOW) -> Ran:
        (ran,) = run_held(self.db, self.storage, ["rain-sums"], GENEROUS, now)
        cells = shown_cells(self.db, self.storage, ran)
        with self.db.write() as session:
            keep(session, ran, cells, now)
        return ran

    @property
    def post(self) -> Post:
        with self.db.read() as session:
            post = posts.get(session, "rain-sums")
            assert post.cells is not None  # read while the session is open
            return post

    def shown(self) -> list[dict[str, Any]]:
        return [output for cell in self.post.cells for output in cell.get("outputs", [])]


@pytest.fixture
def catalog(sqlite_db: Database, tmp_path: Path, folder: Folder) -> Catalog:
    return Catalog(sqlite_db, Storage(tmp_path / "storage"), folder)


def test_a_post_in_markdown_shows_what_its_last_good_run_put_out(catalog: Catalog) -> None:
    path = catalog.folder.post("01-sums.md", R, language="r")
    catalog.sync()
    assert catalog.shown() == []
    catalog.run(LATER)
    assert catalog.shown() == [{"kind": "text", "text": "[1] 2745"}]
    assert catalog.post.modified_at == LATER

    path.write_text(path.read_text().replace("sum(", "summ("))
    catalog.sync()
    catalog.run(LATER + DAY)
    assert [run.status for run in catalog.post.runs] == [RunStatus.RAN, RunStatus.FAILED]
    assert catalog.post.runs[-1].error.endswith('could not find function "summ"')
    assert catalog.shown() == []


def test_the_same_output_again_changes_nothing_that_a_reader_sees(catalog: Catalog) -> None:
    catalog.folder.post("01-sums.md", R, language="r")
    catalog.sync()
    for days in range(3):
        catalog.run(NOW + days * DAY)
    assert catalog.post.modified_at == NOW  # since it first had an output
    assert [run.at for run in catalog.post.runs] == [NOW, NOW + DAY, NOW + 2 * DAY]


def test_a_notebook_keeps_its_own_outputs(catalog: Catalog) -> None:
    path = catalog.folder.dataset / "posts" / "01-sums.ipynb"
    data = {"rain": catalog.folder.sha256()}
    cell = code("1 + 1", stream("as its author saw it"))
    path.write_bytes(notebook(cell, language="r", requires=[], data=data))
    catalog.sync()
    assert catalog.run().sentence.startswith("ran in")
    assert catalog.shown() == [{"kind": "text", "text": "as its author saw it"}]
    assert catalog.post.last_run is not None
    assert set(catalog.post.last_run.versions) == {"R"}


def test_a_refused_post_is_recorded_as_one(catalog: Catalog) -> None:
    catalog.folder.post("01-sums.md", R, language="r")
    catalog.sync()
    path = catalog.storage.path(f"{catalog.folder.sha256()}.csv")
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b" ")
    assert catalog.run().sentence.startswith("refused: The data differ: rain")
    assert catalog.post.last_run is not None
    assert catalog.post.last_run.status is RunStatus.REFUSED


def test_a_run_in_git_is_followed_by_one_here(catalog: Catalog) -> None:
    """What sync brings again does not come after it, nor twice."""
    path = catalog.folder.post("01-sums.md", R, language="r")
    (ran,) = run_files([path], GENEROUS, NOW - DAY)
    assert ran.record is not None
    write_record(path, ran.record)
    catalog.sync()
    assert catalog.shown() == [{"kind": "text", "text": "[1] 2745"}]
    catalog.run()
    catalog.sync()
    assert [run.at for run in catalog.post.runs] == [NOW - DAY, NOW]


class Enough(Exception):
    """Whoever waits has waited enough."""


def test_a_post_that_runs_is_ended_when_nobody_waits_for_it_any_more(
    catalog: Catalog, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    endless = (
        f"```r\nwriteLines(as.character(Sys.getpid()), '{pid}.new')\n"
        f"file.rename('{pid}.new', '{pid}')\nwhile (TRUE) 1\n```\n"
    )
    catalog.folder.post("01-sums.md", endless, language="r")
    catalog.sync()

    def stop_once_it_runs() -> None:
        if pid.exists():
            raise Enough

    with pytest.raises(Enough):
        list(run_held(
            catalog.db, catalog.storage, ["rain-sums"], SEEN, NOW, stop_once_it_runs
        ))  # fmt: skip
    wait_until_ended(int(pid.read_text()))
    assert catalog.post.runs == []
