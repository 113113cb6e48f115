"""A dataset as a folder: to keep in git, to publish elsewhere, to bring in again.

The folder is what ``catalog.sync`` reads (dataset.yaml and the tables) and a
Data Package (datapackage.json) in one.
"""

import json
import shutil
from pathlib import Path

import yaml

from newsletter.catalog.datasets import package_of
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.published import facts_of
from newsletter.catalog.package.dataset_package import FILE_NAME
from newsletter.errors import Conflict
from newsletter.models.dataset import Version
from newsletter.settings import Settings
from newsletter.storage import Storage


def export(version: Version, settings: Settings, storage: Storage, root: Path) -> list[Path]:
    """Write ``version`` into the folder of its slug in ``root``; returns the files in it.

    Raises Conflict if there is something in it already.
    """
    folder = root / version.dataset.slug
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"There is something in {folder} already: export to another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for table in version.tables:
        shutil.copyfile(storage.path(table.files["csv"]["key"]), folder / f"{table.name}.csv")
    (folder / FILE_NAME).write_text(_dataset_yaml(version), encoding="utf-8")
    described = datapackage(facts_of(version, settings), relative=True)
    (folder / "datapackage.json").write_text(
        json.dumps(described, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return sorted(folder.iterdir())


def _dataset_yaml(version: Version) -> str:
    package = package_of(version)
    chosen = package.model_dump(mode="json", exclude_defaults=True) | {"version": version.number}
    written = {name: chosen[name] for name in type(package).model_fields if name in chosen}
    for table in written["tables"]:
        table["file"] = f"{table['name']}.csv"
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True, width=100)
