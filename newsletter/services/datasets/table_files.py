"""The files that tables are read from: under their owners' names, wherever they are.

A ``FileSource`` says where one is, and can wait for a task; ``file_of`` makes a file on this
machine of it.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from newsletter.catalog.package.table_names import FALLBACK
from newsletter.errors import FetchRefused, NotFound
from newsletter.fetching.download import fetch
from newsletter.fetching.file_addresses import direct_address
from newsletter.fetching.http_exchange import request_for
from newsletter.file_names import bare_name, name_in_address
from newsletter.installation import Installation
from newsletter.services.datasets.upload_files import open_file
from newsletter.sizes import readable_size

Watch = Callable[[str, float], None]  # what is done, and which part of it


@dataclass(frozen=True, slots=True)
class FileSource:
    """Where a file is: under a key of ``upload_files``, at a path of this machine, or at a web
    address."""

    name: str  # as its owner calls it; at an address that may turn out to be another
    key: str = ""
    path: str = ""
    url: str = ""
    names_table: bool = False  # which nobody has named

    @classmethod
    def at(cls, source: str) -> Self:
        """What a person typed: a path or a web address. Raises NotFound or FetchRefused."""
        if is_address(source):
            return cls.at_address(source, names_table=True)
        path = Path(source)
        if not path.is_file():
            raise NotFound(f"There is no file {source}.")
        return cls(path.name, path=str(path.absolute()))

    @classmethod
    def at_address(cls, url: str, *, names_table: bool = False) -> Self:
        """Raises FetchRefused for what is not spelled as an address that is fetched, and for a
        page that shows no one file."""
        request_for(direct_address(url), None)
        return cls(name_in_address(url) or FALLBACK, url=url, names_table=names_table)

    @property
    def file_name(self) -> str:
        """The name as a file may have it: what the table is called after."""
        return bare_name(self.name) or FALLBACK

    def stored(self, installation: Installation) -> Self:
        """The same where each machine finds it: a file of this one is put into storage."""
        if not self.path:
            return self
        return type(self)(self.name, key=installation.storage.put(Path(self.path)))

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class TableFile:
    path: Path
    name: str  # as its owner calls it; ``path`` may have another

    @property
    def file_name(self) -> str:
        return bare_name(self.name) or FALLBACK


@contextmanager
def file_of(
    installation: Installation, source: FileSource, work: Path, watch: Watch
) -> Iterator[TableFile]:
    """The file of ``source`` for as long as the block runs; one that is fetched is put into the
    folder ``work``. ``watch`` is told what is done, and ends it by raising. Raises NotFound or
    FetchRefused."""
    if source.url:
        yield _fetched(installation, source, work, watch)
    elif source.key:
        with open_file(installation, source.key) as path:
            yield TableFile(path, source.name)
    elif Path(source.path).is_file():
        yield TableFile(Path(source.path), source.name)
    else:
        raise NotFound(f"The file {source.file_name} is no longer there: give it again.")


def _fetched(installation: Installation, source: FileSource, work: Path, watch: Watch) -> TableFile:
    def tell(received: int, expected: int | None) -> None:
        of_all = f" of {readable_size(expected)}" if expected else ""
        part = received / expected if expected else 0.0
        watch(f"{source.file_name}: {readable_size(received)}{of_all} fetched", part)

    watch(f"{source.file_name}: asking for it", 0.0)
    allowed = installation.settings.fetch_hosts
    answer = fetch(source.url, work, allowed_hosts=allowed, watch=tell)
    if answer.path is None:  # "not modified", which is answered only to who asked so
        raise FetchRefused(f"There is nothing at {source.url}.")
    return TableFile(answer.path, answer.filename)


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


@contextmanager
def named(files: Mapping[str, TableFile], work: Path) -> Iterator[dict[str, Path]]:
    """Each of ``files`` at a path that ends in its own name, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="tables-", dir=work) as folder:
        paths: dict[str, Path] = {}
        for at, (name, file) in enumerate(files.items()):
            place = Path(folder, str(at))
            place.mkdir()
            paths[name] = place / file.file_name
            paths[name].symlink_to(file.path.absolute())
        yield paths
