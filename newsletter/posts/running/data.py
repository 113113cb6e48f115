"""The data of a run: a folder ``data/`` with the published files, each checked first."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from newsletter.catalog.data_paths import published_as
from newsletter.errors import Refused


class OtherData(Refused):
    """The data are not those that a post names."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table's files as readers download them."""

    csv: Path
    parquet: Path
    parquet_sha256: str


@dataclass(frozen=True, slots=True)
class Data:
    """The tables of a dataset version."""

    origins: Mapping[str, str]  # of each table the name of the file that it was read from
    table: Callable[[str], DataTable]  # by its name; raises Refused


def lay_out(data: Data, named: Mapping[str, str], folder: Path) -> None:
    """Copy the tables that ``named`` has (with the SHA-256 of each CSV file, in hex) into
    ``folder``, under the names that a post may read them by.

    Raises OtherData with one sentence that has both checksums, and what ``data`` raises.
    """
    folder.mkdir()
    for table, sha256 in named.items():
        if table not in data.origins:
            raise OtherData(f"The post names a table {table}, which its dataset does not have.")
        files = data.table(table)
        wanted = {"csv": (files.csv, sha256), "parquet": (files.parquet, files.parquet_sha256)}
        for name, (of, kind) in published_as(data.origins).items():
            if of == table:
                source, digest = wanted[kind]
                _copy(source, folder / name, table, digest)


def _copy(source: Path, target: Path, table: str, sha256: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise OtherData(
            f"The data differ: {table} has the SHA-256 {digest}, and the post names {sha256}."
        )
