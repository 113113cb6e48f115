"""The files that tables are read from: somewhere on this machine, under their owners' names."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from newsletter.catalog.package.table_names import FALLBACK
from newsletter.errors import FetchRefused, NotFound
from newsletter.fetching.download import fetch
from newsletter.file_names import bare_name
from newsletter.installation import Installation


@dataclass(frozen=True, slots=True)
class TableFile:
    path: Path
    name: str  # as its owner calls it; ``path`` may have another

    @property
    def file_name(self) -> str:
        """The name as a file may have it: what the table is called after."""
        return bare_name(self.name) or FALLBACK


@contextmanager
def opened(installation: Installation, source: str) -> Iterator[TableFile]:
    """The file at a path of this machine, or one fetched from a web address for as long as
    the block runs. Raises NotFound or FetchRefused."""
    if is_address(source):
        with fetched(installation, source) as file:
            yield file
        return
    path = Path(source)
    if not path.is_file():
        raise NotFound(f"There is no file {source}.")
    yield TableFile(path, path.name)


@contextmanager
def fetched(installation: Installation, url: str) -> Iterator[TableFile]:
    """The file at a web address, for as long as the block runs. Raises FetchRefused."""
    with tempfile.TemporaryDirectory(prefix="fetch-") as folder:
        allowed = installation.settings.fetch_hosts
        answer = fetch(url, Path(folder), allowed_hosts=allowed)
        if answer.path is None:  # "not modified", which is answered only to who asked so
            raise FetchRefused(f"There is nothing at {url}.")
        yield TableFile(answer.path, answer.filename)


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


@contextmanager
def named(files: Mapping[str, TableFile]) -> Iterator[dict[str, Path]]:
    """Each of ``files`` at a path that ends in its own name, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="tables-") as folder:
        paths: dict[str, Path] = {}
        for at, (name, file) in enumerate(files.items()):
            place = Path(folder, str(at))
            place.mkdir()
            paths[name] = place / file.file_name
            paths[name].symlink_to(file.path.absolute())
        yield paths
