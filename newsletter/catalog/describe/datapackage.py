"""Data Package v2 (https://datapackage.org/standard/data-package/): ``datapackage.json``."""

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from newsletter.catalog.describe.facts import (
    ColumnFacts,
    DatasetFacts,
    FileFacts,
    ForeignKeyFacts,
    TableFacts,
)
from newsletter.catalog.describe.parts import compact

PROFILES = "https://datapackage.org/profiles/2.0"


def datapackage(facts: DatasetFacts, relative: bool = False) -> dict[str, Any]:
    """The descriptor of a dataset, a resource for each table.

    A resource's path is its address or, where ``relative``, its file's name,
    for a descriptor that lies beside the files.
    """
    return compact(
        {
            "$schema": f"{PROFILES}/datapackage.json",
            "name": facts.slug,
            "id": facts.version_url,
            "title": facts.title,
            "description": facts.description,
            "homepage": facts.url,
            "version": facts.version,
            "created": facts.published.isoformat(timespec="seconds"),
            "keywords": list(facts.keywords),
            "licenses": (
                [{"name": facts.license, "path": facts.license_url}] if facts.license else []
            ),
            "sources": [
                compact({"title": source.title, "path": source.url}) for source in facts.sources
            ],
            "contributors": [
                compact({"title": creator.name, "path": creator.url, "roles": ["creator"]})
                for creator in facts.creators
            ],
            "resources": [_resource(table, relative) for table in facts.tables],
        }
    )


def _resource(table: TableFacts, relative: bool) -> dict[str, Any]:
    file = table.main_file
    return compact(
        {
            "$schema": f"{PROFILES}/dataresource.json",
            "name": table.name,
            "type": "table",
            "path": PurePosixPath(urlsplit(file.url).path).name if relative else file.url,
            "description": table.description,
            "format": file.format,
            "mediatype": file.media_type,
            "encoding": "utf-8",
            "bytes": file.bytes,
            "hash": f"sha256:{file.sha256}",
            # Not of the standard, which allows for more: what dataset_daily checks.
            "alternatives": [] if relative else [_alternative(other) for other in table.files[1:]],
            "schema": _schema(table),
        }
    )


def _alternative(file: FileFacts) -> dict[str, Any]:
    """The same table in another format."""
    return {
        "path": file.url,
        "format": file.format,
        "mediatype": file.media_type,
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }


def _schema(table: TableFacts) -> dict[str, Any]:
    return compact(
        {
            "$schema": f"{PROFILES}/tableschema.json",
            "fields": [_field(column) for column in table.columns],
            "missingValues": [""],
            "primaryKey": list(table.primary_key),
            "foreignKeys": [_foreign_key(key) for key in table.foreign_keys],
        }
    )


def _field(column: ColumnFacts) -> dict[str, Any]:
    constraints = {"enum": list(column.categories)} if column.categories else {}
    return compact(
        {
            "name": column.name,
            # A list is written into a CSV as JSON, which Table Schema calls an array.
            "type": "array" if column.type == "list" else column.type,
            "description": column.description,
            "unit": column.unit,
            "constraints": constraints,
        }
    )


def _foreign_key(key: ForeignKeyFacts) -> dict[str, Any]:
    reference = {"resource": key.table, "fields": list(key.references)}
    return {"fields": list(key.columns), "reference": reference}
