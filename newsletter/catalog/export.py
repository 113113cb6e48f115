"""A dataset as a folder: to keep in git, to publish elsewhere, to bring in again.

The folder is what ``catalog.sync`` reads (dataset.yaml and the tables) and a
Data Package (datapackage.json) in one.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from newsletter.catalog.datasets import package_of
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.published import facts_of
from newsletter.catalog.package.dataset_package import FILE_NAME
from newsletter.catalog.package.field_types import NO_CHART
from newsletter.errors import Conflict
from newsletter.models.dataset import Version
from newsletter.settings import Settings
from newsletter.storage import Storage

CHUNK = 1024 * 1024
STAGED = ".export"  # how the name of a folder ends until it is whole


@dataclass(frozen=True, slots=True)
class Contents:
    """What the folder of a dataset holds, by file name."""

    slug: str
    tables: Mapping[str, tuple[str, int]]  # the key in storage, and how many bytes
    documents: Mapping[str, str]

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.tables.values())


def contents_of(version: Version, settings: Settings) -> Contents:
    files = {f"{table.name}.csv": table.files["csv"] for table in version.tables}
    described = datapackage(facts_of(version, settings), relative=True)
    return Contents(
        version.dataset.slug,
        {name: (file["key"], file["bytes"]) for name, file in files.items()},
        {
            FILE_NAME: _dataset_yaml(version),
            "datapackage.json": json.dumps(described, indent=2, ensure_ascii=False) + "\n",
        },
    )


def export(
    contents: Contents, storage: Storage, root: Path, on_bytes: Callable[[int], None]
) -> list[Path]:
    """Write them into the folder of their slug in ``root``; returns the files in it. The folder
    appears whole or not at all. ``on_bytes`` hears how many were copied, and may raise.

    Raises Conflict if there is something in it already.
    """
    folder = root / contents.slug
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"There is something in {folder} already: export to another folder.")
    staged = root / f".{contents.slug}{STAGED}"
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    try:
        copied = 0
        for name, (key, _) in contents.tables.items():
            with storage.open(key) as source, (staged / name).open("wb") as target:
                while chunk := source.read(CHUNK):
                    target.write(chunk)
                    copied += len(chunk)
                    on_bytes(copied)
        for name, text in contents.documents.items():
            (staged / name).write_text(text, encoding="utf-8")
        staged.rename(folder)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return sorted(folder.iterdir())


def exported(contents: Contents, root: Path) -> list[Path] | None:
    """The files in the folder, if just this was written there."""
    folder = root / contents.slug
    if not folder.is_dir():
        return None
    paths = sorted(folder.iterdir())
    is_it = (
        {path.name for path in paths} == {*contents.tables, *contents.documents}
        and all((folder / n).stat().st_size == size for n, (_, size) in contents.tables.items())
        and all((folder / n).read_text("utf-8") == t for n, t in contents.documents.items())
    )
    return paths if is_it else None


def _dataset_yaml(version: Version) -> str:
    package = package_of(version)
    chosen = package.model_dump(mode="json", exclude_defaults=True) | {"version": version.number}
    written = {name: chosen[name] for name in type(package).model_fields if name in chosen}
    if package.chart == {}:
        written["chart"] = NO_CHART
    for table in written["tables"]:
        table["file"] = f"{table['name']}.csv"
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)
