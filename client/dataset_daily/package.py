"""What is published of a dataset's version, as its Data Package says it.

See https://datapackage.org/standard/data-package/; ``alternatives`` of a resource, the same
table in other formats, is this newsletter's own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Damaged, NoSuchTable

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
SHA256 = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class File:
    """A table in one format, ``parquet`` or ``csv``."""

    path: str  # on the site
    format: str
    bytes: int
    sha256: str  # hex


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    types: Mapping[str, str]  # of its columns, in order, in the words of Table Schema
    files: Mapping[str, File]  # by format


@dataclass(frozen=True, slots=True)
class Package:
    slug: str
    version: str
    tables: tuple[Table, ...]

    @classmethod
    def read(cls, document: Mapping[str, Any], slug: str, version: str | None = None) -> "Package":
        """Raises Damaged for what is no Data Package of ``slug`` in ``version``, or in any."""
        try:
            number = document["version"]
            if document["name"] != slug or not VERSION.fullmatch(number):
                raise ValueError(number)
            folder = f"/datasets/{slug}/v/{number}"
            package = cls(slug, number, tuple(_table(e, folder) for e in document["resources"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(f"The description of {slug} does not read: try again later.") from error
        if version not in {None, number}:
            raise Damaged(f"{slug} {version} was asked for, and {number} came: try again later.")
        return package

    def table(self, name: str | None) -> Table:
        """The table ``name``, or the only one. Raises NoSuchTable."""
        names = " or ".join(f"table={table.name!r}" for table in self.tables)
        if name is None:
            if len(self.tables) == 1:
                return self.tables[0]
            raise NoSuchTable(f"{self.slug} has {len(self.tables)} tables: choose {names}.")
        for table in self.tables:
            if table.name == name:
                return table
        raise NoSuchTable(f"{self.slug} {self.version} has no table {name!r}: choose {names}.")


def _table(resource: Mapping[str, Any], folder: str) -> Table:
    name = str(resource["name"])
    files = [
        _file(entry, f"{folder}/{name}") for entry in (resource, *resource.get("alternatives", []))
    ]
    return Table(
        name,
        {str(field["name"]): str(field["type"]) for field in resource["schema"]["fields"]},
        {file.format: file for file in files},
    )


def _file(entry: Mapping[str, Any], stem: str) -> File:
    """Its address is by what the newsletter promises, not by what the entry says: nobody is
    sent elsewhere."""
    digest = SHA256.fullmatch(entry["hash"])
    if digest is None:
        raise ValueError(entry["hash"])
    format_ = str(entry["format"])
    return File(f"{stem}.{format_}", format_, int(entry["bytes"]), digest[1])
