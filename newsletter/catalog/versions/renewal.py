"""A new file for a table of a dataset that is there: what is said of it stays, and the
number of the new version follows from what changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from newsletter.catalog.dataset_import import Intake, Values, charted_table, import_files
from newsletter.catalog.package import ChangePackage, DatasetPackage, ReadPackage, TablePackage
from newsletter.catalog.semver import proposed
from newsletter.catalog.versions import changes
from newsletter.catalog.versions.rewording import described, kept_chart, kept_tables
from newsletter.errors import NotFound
from newsletter.models.dataset import Table, Version
from newsletter.storage import Storage
from newsletter.tables.diff import Diff
from newsletter.tables.diff.words import in_one_line


def renew(
    version: Version,
    package: DatasetPackage,
    source: Path,
    storage: Storage,
    name: str | None = None,
    read: ReadPackage | None = None,
) -> Intake:
    """``version`` under ``package``, its own words, with the table ``name`` read from
    ``source``; None: its only one. ``read`` says how, as ``package.ReadPackage``.

    Raises NotFound where no such table is, UnreadableTable or Invalid.
    """
    at = _place(package, name)
    written = package.tables[at]
    new_table = written.model_copy(
        update={"file": f"data/{source.name}", "columns": (), "read": read or ReadPackage()}
    )
    # Only the charted table is drawn; the chart of another one stays as it is.
    alone = package.model_copy(update={"tables": (new_table,)})
    intake = import_files(alone, {new_table.name: source}, storage)
    tables = [*kept_tables(version)]
    tables[at] = _described(intake.tables[0], written) | {"position": at}
    return replace(
        intake,
        package=package,
        tables=tuple(tables),
        chart=intake.chart if charted_table(package) == written.name else kept_chart(version),
    )


def numbered(
    intake: Intake,
    before: Version,
    storage: Storage,
    today: date,
    number: str | None = None,
    note: str = "",
) -> tuple[Intake, Diff]:
    """``intake`` as the version ``number`` after the published ``before``, and what changed.
    None: the number that it has if that is higher, else the one that the changes ask for.

    Its changelog gets a line where it has none for that number: ``note``, or what changed.
    """
    diff = difference(before, intake, storage)
    package = intake.package
    if number is None:
        number = package.version if package.version != before.number else proposed(diff)
    changelog = package.changelog
    if number not in {change.version for change in changelog}:
        line = note or f"{in_one_line(diff)}."
        changelog = (*changelog, ChangePackage(version=number, date=today, note=line))
    whole = package.model_copy(update={"version": number, "changelog": changelog})
    return replace(intake, package=whole), replace(diff, after=number)


def difference(before: Version, intake: Intake, storage: Storage) -> Diff:
    """How what was taken in differs from a version that is kept."""
    after = Version(
        number=intake.package.version, tables=[Table(**values) for values in intake.tables]
    )
    return changes.between(before, after, storage)


def _place(package: DatasetPackage, name: str | None) -> int:
    names = [table.name for table in package.tables]
    if name is None and len(names) == 1:
        return 0
    if name not in names:
        raise NotFound(f"Say by --replaces which table it is: {', '.join(names)}.")
    return names.index(name)


def _described(values: Values, written: TablePackage) -> dict[str, Any]:
    """The new values with what was said of the table before; a key that the file no longer
    has is dropped."""
    description: Mapping[str, Any] = described(values, written)
    names = {column["name"] for column in description["columns"]}
    key = description["primary_key"] if set(description["primary_key"]) <= names else []
    foreign = [
        foreign_key
        for foreign_key in description["foreign_keys"]
        if set(foreign_key["columns"]) <= names
    ]
    return {**description, "primary_key": key, "foreign_keys": foreign}
