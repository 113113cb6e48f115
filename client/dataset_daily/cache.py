"""What was loaded once, kept on this machine where its system keeps such things.

A file appears under its place whole or not at all, so several processes may fill the cache at
the same time; what is found there is checked before it is used.
"""

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from .errors import Damaged, Unusable
from .package import File, Package
from .site import Site

NAME = "dataset-daily"


class Cache:
    """What is kept of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = folder() / quote(site.address, safe="")

    def package(self, slug: str, version: str) -> Package | None:
        """The description of a version, if it is kept and whole."""
        place = self._folder / slug / f"{version}.json"
        try:
            return Package.read(json.loads(place.read_bytes()), slug, version)
        except (OSError, ValueError, Damaged):
            return None

    def keep(self, package: Package, document: Mapping[str, Any]) -> None:
        with self._written(self._folder / package.slug / f"{package.version}.json") as target:
            target.write(json.dumps(document).encode())

    def versions(self, slug: str) -> list[str]:
        """Those whose descriptions are kept."""
        return sorted(place.stem for place in (self._folder / slug).glob("*.json"))

    def file(self, file: File) -> Path:
        """Where ``file`` is kept; it is fetched where it is not, or is no longer what it was.

        Raises Damaged, Unreachable, NoSuchTable and Unusable.
        """
        place = self._folder / "files" / f"{file.sha256}.{file.format}"
        if not _is_whole(place, file):
            with self._written(place) as target:
                self._fetch(file, target)
        return place

    def _fetch(self, file: File, target: IO[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        for chunk in self._site.stream(file.path):
            digest.update(chunk)
            size += len(chunk)
            if size > file.bytes:
                break
            target.write(chunk)
        if size > file.bytes or digest.hexdigest() != file.sha256:
            came = "is longer" if size > file.bytes else f"has the SHA-256 {digest.hexdigest()}"
            raise Damaged(
                f"{self._site.address}{file.path} {came}, where {file.bytes:,} bytes with"
                f" {file.sha256} were published: try again, or tell the newsletter."
            )

    @contextmanager
    def _written(self, place: Path) -> Iterator[IO[bytes]]:
        """A new file, which takes ``place`` if all goes well and else is gone."""
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as target:
                temporary = Path(target.name)
                try:
                    yield target
                    target.flush()
                    os.fsync(target.fileno())
                    temporary.replace(place)
                except BaseException:
                    temporary.unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Unusable(
                f"The cache in {self._folder} cannot be written ({error.strerror}): make room"
                " there, or set XDG_CACHE_HOME to another folder."
            ) from error


def folder() -> Path:
    """The folder of this program in the platform's cache. Raises Unusable without a home."""
    chosen = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME")
    if chosen:
        return Path(chosen) / NAME
    try:
        home = Path.home()
    except RuntimeError as error:
        raise Unusable("There is no home for a cache: set XDG_CACHE_HOME to a folder.") from error
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / NAME


def _is_whole(place: Path, file: File) -> bool:
    try:
        with place.open("rb") as kept:
            return hashlib.file_digest(kept, "sha256").hexdigest() == file.sha256
    except OSError:
        return False
