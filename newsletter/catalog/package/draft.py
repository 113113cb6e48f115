"""A dataset from a file and the least that a person must say about it.

What is left out gets plain words that are true of any table, so that the
dataset can be published, and written better later.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.catalog.package.dataset_package import DatasetPackage, check_slug, parse_package
from newsletter.catalog.package.field_types import SUMMARY_AT_MOST

PLAIN = "Data, profiled and ready to load."


def draft(
    slug: str,
    title: str,
    license: str | None,  # noqa: A002 - the word that everybody uses
    file_name: str,
    summary: str | None = None,
    description: str | None = None,
    keywords: Sequence[str] = (),
    source_url: str | None = None,
    read: Mapping[str, Any] | None = None,
    name: str | None = None,
    chart: Mapping[str, Any] | None = None,
) -> DatasetPackage:
    """The package of a dataset from one file, whose tables and columns it will tell.

    ``read`` says how to read it: see ``package.ReadPackage``; ``name`` is the table's, and
    ``chart`` a specification, empty for none.
    Raises Invalid, with a sentence for each field that breaks a rule.
    """
    check_slug(slug)
    return parse_package(
        {
            "title": title,
            "summary": summary or _summary(title.strip()),
            "description": description
            or f"{title.strip()}: every column is profiled below, and each table can be "
            "loaded as CSV, Parquet or JSON.",
            "license": license,
            "keywords": [word.strip().lower() for word in keywords] or [slug.split("-")[0]],
            "sources": [{"title": title, "url": source_url}] if source_url else [],
            "tables": [
                {"file": file_name, "read": dict(read or {})} | ({"name": name} if name else {})
            ],
            "chart": chart,
        }
    )


def _summary(title: str) -> str:
    """One that names the dataset, where it fits into the line."""
    named = f"{title}: data, ready to load."
    return named if len(named) <= SUMMARY_AT_MOST else PLAIN
