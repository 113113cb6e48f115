"""From a version as the catalog keeps it to the facts that every format is made from."""

from collections.abc import Iterable
from datetime import date
from email.utils import parseaddr
from typing import Any

from newsletter.catalog.data_paths import published_as
from newsletter.catalog.describe.citation import CitationFacts, plain
from newsletter.catalog.describe.facts import (
    ColumnFacts,
    DatasetFacts,
    ErratumFacts,
    FileFacts,
    ForeignKeyFacts,
    Party,
    SourceFacts,
    TableFacts,
    WorkFacts,
)
from newsletter.catalog.describe.loaders import table_url
from newsletter.models.dataset import Erratum, Table, Version
from newsletter.settings import Settings
from newsletter.tables.table_formats import MEDIA_TYPES


def facts_of(
    version: Version,
    settings: Settings,
    works: Iterable[WorkFacts] = (),
    with_profiles: bool = True,
) -> DatasetFacts:
    """``version`` with the addresses that it has on this site, and the works on its dataset; a
    draft's too, which lead nowhere until it is published. The profiles, which are most of it,
    are left out for a format that does not have them."""
    slug = version.dataset.slug
    page = f"{settings.base_url}/datasets/{slug}"
    return DatasetFacts(
        slug=slug,
        version=version.number,
        title=version.title,
        summary=version.summary,
        description=version.description,
        license=version.license or "",
        url=page,
        version_url=f"{page}/v/{version.number}/",
        published=version.published_at or version.modified_at,
        modified=version.modified_at,
        publisher=Party(settings.title, settings.base_url, parseaddr(settings.mail_from)[1]),
        catalog_title=settings.title,
        catalog_url=f"{settings.base_url}/datasets/",
        citation=citation(version, settings),
        tables=tuple(_table(table, version, settings, with_profiles) for table in version.tables),
        language=version.language,
        keywords=tuple(version.keywords),
        creators=tuple(Party(made["name"], made.get("url")) for made in version.creators),
        sources=tuple(map(_source, sources_of(version, settings.base_url))),
        temporal=version.temporal,
        spatial=version.spatial,
        erratum=_erratum(version.erratum, page) if version.erratum else None,
        works=tuple(works),
    )


def sources_of(version: Version, base_url: str) -> list[dict[str, Any]]:
    """Where it comes from, as the curator told. Before 0.4 this site's own address stood in for
    a source that nobody gave: that is none."""
    return [source for source in version.sources if source["url"].rstrip("/") != base_url]


def citation(version: Version, settings: Settings) -> str:
    """How to cite it: in the curator's words, or made from what is known."""
    return version.citation or plain(citation_facts(version, settings))


def citation_facts(version: Version, settings: Settings) -> CitationFacts:
    """The dataset as a work; its publisher is the first source's, or this newsletter."""
    publishers = [source.get("publisher") for source in version.sources]
    return CitationFacts(
        title=version.title,
        creators=tuple(made["name"] for made in version.creators),
        year=(version.published_at or version.modified_at).year,
        version=version.number,
        publisher=next(filter(None, publishers), settings.title),
        url=f"{settings.base_url}/datasets/{version.dataset.slug}/v/{version.number}/",
        license=version.license or "",
    )


def data_addresses(version: Version, base_url: str) -> dict[str, str]:
    """The address of each file that a post on ``version`` may read as ``../data/<file>``."""
    origins = {table.name: table.origin.rpartition("/")[2] for table in version.tables}
    return {
        file: table_url(base_url, version.dataset.slug, version.number, table, kind)
        for file, (table, kind) in published_as(origins).items()
    }


def _erratum(erratum: Erratum, page: str) -> ErratumFacts:
    number = erratum.corrected_by.number
    return ErratumFacts(erratum.note, erratum.published_at, number, f"{page}/v/{number}/")


def _source(source: dict[str, Any]) -> SourceFacts:
    retrieved = source.get("retrieved")
    return SourceFacts(
        title=source["title"],
        url=source["url"],
        publisher=source.get("publisher"),
        retrieved=date.fromisoformat(retrieved) if retrieved else None,
    )


def _table(table: Table, version: Version, settings: Settings, with_profile: bool) -> TableFacts:
    profiled = table.profile.get("columns", ()) if with_profile else ()
    profiles = {column["name"]: column for column in profiled}
    return TableFacts(
        name=table.name,
        rows=table.rows,
        columns=tuple(
            ColumnFacts(
                name=column["name"],
                type=column["type"],
                description=column.get("description"),
                unit=column.get("unit"),
                categories=tuple(map(str, column.get("categories") or ())),
                profile=profiles.get(column["name"]),
            )
            for column in table.columns
        ),
        files=tuple(_file(kind, table, version, settings) for kind in MEDIA_TYPES),
        description=table.description or None,
        primary_key=tuple(table.primary_key),
        foreign_keys=tuple(
            ForeignKeyFacts(tuple(key["columns"]), key["table"], tuple(key["references"]))
            for key in table.foreign_keys
        ),
    )


def _file(kind: str, table: Table, version: Version, settings: Settings) -> FileFacts:
    kept = table.files[kind]
    slug = version.dataset.slug
    url = table_url(settings.base_url, slug, version.number, table.name, kind)
    return FileFacts(kind, url, kept["bytes"], kept["sha256"])
