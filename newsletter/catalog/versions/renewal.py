"""New words and new files for a dataset that is there: what nobody changed stays as it was
read, and the number of the new version follows from what changed.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from newsletter.catalog import datasets
from newsletter.catalog.dataset_import import Chart, Intake, Values, charted_table, import_files
from newsletter.catalog.package.dataset_package import (
    ChangePackage,
    DatasetPackage,
    TablePackage,
)
from newsletter.catalog.package.read_package import ReadPackage
from newsletter.catalog.semver import Step, raised, step_of
from newsletter.catalog.versions import changes
from newsletter.errors import UnreadableTable
from newsletter.models.dataset import Table, Version
from newsletter.storage import Storage
from newsletter.tables.diff import Diff
from newsletter.tables.diff.words import in_one_line
from newsletter.tables.ingest import Watch, unwatched

# How a table's own CSV file is read again.
AS_WE_WRITE = ReadPackage(encoding="utf-8", delimiter=",", decimal=".", header=1)
KEPT = tuple(c.key for c in Table.__table__.columns if c.key not in {"id", "version_id"})


def renew(
    version: Version,
    package: DatasetPackage,
    files: Mapping[str, Path],
    storage: Storage,
    watch: Watch = unwatched,
    work: Path | None = None,
) -> Intake:
    """``version`` under ``package``, with the tables that ``files`` names read from them.

    Of the others those are read again, from the file that is kept, whose types differ or that
    a new chart draws; the rest stays as it is. What was said of a column stays with the column
    of that name. ``watch`` and ``work`` are those of ``import_files``. Raises UnreadableTable or
    Invalid, whose ``fields`` names the place.
    """
    kept = {table.name: table for table in version.tables}
    again = read_again(version, package) - set(files)
    as_found = package.model_copy(
        update={"tables": tuple(_as_found(t, files, again) for t in package.tables)}
    )
    with tempfile.TemporaryDirectory(prefix="renewal-", dir=work) as folder:
        linked = {name: _linked(storage, kept[name], Path(folder)) for name in again}
        intake = import_files(
            as_found,
            {**files, **linked},
            storage,
            kept=Intake(package, tuple(_kept(version)), _kept_chart(version), version.digest),
            known=datasets.table_names(version.dataset),
            watch=watch,
            work=work,
        )
    _refuse_several(package, kept, intake.package.tables)
    written = {table.name: table for table in package.tables}
    tables = tuple(written.get(table.name, table) for table in intake.package.tables)
    origins = {name: {"origin": kept[name].origin} for name in again}
    values = [
        _described(value, table, kept.get(table.name)) | origins.get(table.name, {})
        for value, table in zip(intake.tables, tables, strict=True)
    ]
    whole = package.model_copy(update={"tables": tables})
    return replace(intake, package=whole, tables=tuple(values))


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
        number = package.version if package.version != before.number else _next(before, diff)
    changelog = package.changelog
    if number not in {change.version for change in changelog}:
        line = note or f"{in_one_line(diff)}."
        changelog = (*changelog, ChangePackage(version=number, date=today, note=line))
    whole = package.model_copy(update={"version": number, "changelog": changelog})
    return replace(intake, package=whole), replace(diff, after=number)


def after_withdrawn(package: DatasetPackage, newest: Version, today: date) -> DatasetPackage:
    """``package`` with a number after that of ``newest``, which was withdrawn with all before."""
    number = raised(datasets.last_number(newest.dataset), Step.MAJOR)
    line = ChangePackage(version=number, date=today, note="New files, after a withdrawal.")
    return package.model_copy(update={"version": number, "changelog": (*package.changelog, line)})


def _next(before: Version, diff: Diff) -> str:
    """The number that the changes ask for, after those of versions that were withdrawn too."""
    last = datasets.last_number(before.dataset) if before.dataset else before.number
    return raised(last, step_of(diff))


def difference(before: Version, intake: Intake, storage: Storage) -> Diff:
    """How what was taken in differs from a version that is kept."""
    after = Version(
        number=intake.package.version, tables=[Table(**values) for values in intake.tables]
    )
    return changes.between(before, after, storage)


def read_again(version: Version, package: DatasetPackage) -> set[str]:
    """The kept tables that ``package`` cannot have as they are."""
    kept = {table.name: table for table in version.tables}
    again = {
        table.name
        for table in package.tables
        if table.name in kept
        and table.types.items() - {(c["name"], c["type"]) for c in kept[table.name].columns}
    }
    charted = charted_table(package)
    if charted in kept and (
        version.chart != package.chart or charted != charted_table(datasets.package_of(version))
    ):
        again.add(charted)
    return again


def _as_found(table: TablePackage, files: Mapping[str, Path], again: set[str]) -> TablePackage:
    if table.name in files:  # whose columns are known once it is read
        return table.model_copy(update={"columns": ()})
    return table.model_copy(update={"read": AS_WE_WRITE}) if table.name in again else table


def _linked(storage: Storage, table: Table, folder: Path) -> Path:
    """The CSV file that is kept of a table, under a name that says so."""
    link = folder / f"{table.name}.csv"
    link.symlink_to(storage.path(table.files["csv"]["key"]).absolute())
    return link


def _refuse_several(
    package: DatasetPackage, kept: Mapping[str, Table], read: Sequence[TablePackage]
) -> None:
    """A file that turned out to hold several tables may not take the place of one that is
    there."""
    names, written = {table.name for table in read}, {table.name for table in package.tables}
    for at, table in enumerate(package.tables):
        if table.name in kept and table.name not in names:
            new = [part.read.table or part.name for part in read if part.name not in written]
            sentence = f"The file holds several tables: choose one of {', '.join(new)}."
            raise UnreadableTable(sentence, {f"tables.{at}.read.table": sentence})


def _kept(version: Version) -> list[Values]:
    return [{name: getattr(table, name) for name in KEPT} for table in version.tables]


def _kept_chart(version: Version) -> Chart | None:
    if not (version.chart_png and version.chart_svg):
        return None
    return Chart(version.chart_drawn, version.chart_alt, version.chart_png, version.chart_svg)


def _described(values: Values, table: TablePackage, before: Table | None) -> dict[str, Any]:
    """A table's values with what ``table`` says of it. Of columns that it does not name, what
    was said ``before`` stays; a key that the file no longer has is dropped."""
    written = {column["name"]: column for column in before.columns} if before else {}
    written |= {column.name: column.model_dump(mode="json") for column in table.columns}
    names = {column["name"] for column in values["columns"]}
    return {
        **values,
        "name": table.name,
        "description": table.description or "",
        "primary_key": list(table.primary_key) if names >= set(table.primary_key) else [],
        "foreign_keys": [
            key.model_dump(mode="json") for key in table.foreign_keys if names >= set(key.columns)
        ],
        "columns": [_merged(column, written) for column in values["columns"]],
    }


def _merged(column: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {**column, **written.get(column["name"], {}), "type": column["type"]}
