"""New words for data that is kept as it was read: nothing is read again.

The counterpart of catalog.intake for an edit that touches no file.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from newsletter.catalog.dataset_import import Chart, Intake, Values
from newsletter.catalog.package import DatasetPackage, TablePackage
from newsletter.models.dataset import Table, Version

READ = ("position", "origin", "encoding", "rows", "rejected", "rows_rejected", "notes", "preview",
        "profile", "files")  # fmt: skip
KEPT = tuple(c.key for c in Table.__table__.columns if c.key not in {"id", "version_id"})


def only_words_differ(version: Version, package: DatasetPackage) -> bool:
    """Whether ``package`` can be had from ``version`` without reading a file or drawing."""
    same_tables = [table.name for table in version.tables] == [t.name for t in package.tables]
    return (
        same_tables
        and (version.chart or {}) == (package.chart or {})
        and all(
            not table.columns or table.types == {c["name"]: c["type"] for c in kept.columns}
            for table, kept in zip(package.tables, version.tables, strict=True)
        )
    )


def reword(version: Version, package: DatasetPackage) -> Intake:
    """``version``'s data under the words of ``package``, which ``only_words_differ`` allows."""
    tables = tuple(
        described(_as_read(kept), table)
        for kept, table in zip(version.tables, package.tables, strict=True)
    )
    files = [table["files"]["parquet"]["sha256"] for table in tables]
    digest = sha256("\n".join([package.model_dump_json(), *files]).encode()).hexdigest()
    return Intake(package, tables, kept_chart(version), digest)


def kept_tables(version: Version) -> list[Values]:
    """The values of each table, as they are kept."""
    return [{name: getattr(table, name) for name in KEPT} for table in version.tables]


def kept_chart(version: Version) -> Chart | None:
    if not (version.chart_png and version.chart_svg):
        return None
    return Chart(version.chart_drawn, version.chart_alt, version.chart_png, version.chart_svg)


def described(values: Values, table: TablePackage) -> Values:
    """A table's values with what ``table`` says of it; of columns that it does not name,
    what was said before stays."""
    written = {column.name: column.model_dump(mode="json") for column in table.columns}
    return {
        **values,
        "name": table.name,
        "description": table.description or "",
        "primary_key": list(table.primary_key),
        "foreign_keys": [key.model_dump(mode="json") for key in table.foreign_keys],
        "columns": [_merged(column, written) for column in values["columns"]],
    }


def _merged(column: Mapping[str, Any], written: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {**column, **written.get(column["name"], {}), "type": column["type"]}


def _as_read(table: Table) -> Values:
    return {name: getattr(table, name) for name in (*READ, "columns")}
