"""The posts of dataset folders, run as a checkout has them: no installation is needed.

A table is read as ``newsletter sync`` reads it, so a post runs on what readers download.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Lock

from newsletter.catalog.multi_table import read_tables
from newsletter.catalog.package.dataset_package import FILE_NAME, DatasetPackage, read_package
from newsletter.errors import NotFound, Refused
from newsletter.posts.running.data import Data, DataTable
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.run import Ran, Runnable, run_all
from newsletter.posts.sync import FOLDER, files_of
from newsletter.tables.ingest import Ingested


def posts_in(root: Path) -> list[Path]:
    """The files of the posts in each dataset folder of ``root``, or of ``root`` itself.

    Raises NotFound if there is none.
    """
    folders = [root] if (root / FILE_NAME).is_file() else sorted(root.glob("*/"))
    paths = [path for folder in folders for path in files_of(folder)]
    if not paths:
        raise NotFound(f"There is no post in {root}: they stand in <dataset>/{FOLDER}/*.md|ipynb.")
    return paths


def run_files(paths: Sequence[Path], limits: RunLimits, now: datetime) -> Iterator[Ran]:
    """Run the posts in the files ``paths``; what came of each, in their order."""
    with TemporaryDirectory(prefix="posts-data-") as temporary:
        folders = {path.resolve().parents[1] for path in paths}
        known = {folder: _data_of(folder, Path(temporary)) for folder in folders}
        posts = [_runnable(path, known[path.resolve().parents[1]]) for path in paths]
        yield from run_all(posts, limits, now)


def _runnable(path: Path, data: Data | Refused) -> Runnable:
    place = path.resolve()
    name = f"{place.parents[1].name}/{place.name}"
    return Runnable.of(name, place.name, place.read_bytes(), data)


def _data_of(folder: Path, temporary: Path) -> Data | Refused:
    try:
        package = read_package(folder)
    except Refused as error:
        return error
    origins = {table.name: Path(table.file or "").name for table in package.tables}
    return Data(origins, _Tables(folder, package, Path(mkdtemp(dir=temporary))).get)


class _Tables:
    """The tables of one dataset folder, each read when the first post asks for it."""

    def __init__(self, folder: Path, package: DatasetPackage, work: Path) -> None:
        self._folder = folder
        self._written = {table.name: table for table in package.tables}
        self._work = work
        self._read: dict[str, Ingested] = {}
        self._lock = Lock()

    def get(self, name: str) -> DataTable:
        """Raises Refused."""
        with self._lock:
            if name not in self._read:
                self._take_in(name)
            read = self._read[name]
        return DataTable(read.csv.path, read.parquet.path, read.parquet.sha256)

    def _take_in(self, name: str) -> None:
        table = self._written[name]
        if table.file is None:
            raise Refused(
                f"The table {name} is kept out of the folder: its posts run in a catalog."
            )
        if not (source := self._folder / table.file).is_file():
            raise Refused(f"{table.file} has not been made: run prepare.py in {self._folder.name}.")
        for part, read in read_tables(table, source, self._work):
            self._read[part.name] = read
