"""DCAT-US 1.1 (https://resources.data.gov/resources/dcat-us/): ``/data.json``, non-federal."""

from collections.abc import Sequence
from typing import Any

from newsletter.catalog.describe.facts import DatasetFacts, FileFacts, TableFacts
from newsletter.catalog.describe.parts import compact

SCHEMA = "https://project-open-data.cio.gov/v1.1/schema"
CONFORMS_TO = "https://resources.data.gov/schemas/dcat-us/v1.1/schema"


def catalog(url: str, datasets: Sequence[DatasetFacts]) -> dict[str, Any]:
    """The catalog served at ``url``, with every dataset of it."""
    return {
        "@context": f"{SCHEMA}/catalog.jsonld",
        "@id": url,
        "@type": "dcat:Catalog",
        "conformsTo": CONFORMS_TO,
        "describedBy": f"{SCHEMA}/catalog.json",
        "dataset": [dcat(facts) for facts in datasets],
    }


def dcat(facts: DatasetFacts) -> dict[str, Any]:
    """One dataset of a catalog. Its publisher needs an e-mail address."""
    return compact(
        {
            "@type": "dcat:Dataset",
            "identifier": facts.url,
            "title": facts.title,
            "description": facts.description,
            "keyword": list(facts.keywords),
            "modified": facts.modified.date().isoformat(),
            "issued": facts.published.date().isoformat(),
            "publisher": {"@type": "org:Organization", "name": facts.publisher.name},
            "contactPoint": {
                "@type": "vcard:Contact",
                "fn": facts.publisher.name,
                "hasEmail": f"mailto:{facts.publisher.email}",
            },
            "accessLevel": "public",
            "license": facts.license_url,
            "landingPage": facts.url,
            "language": [facts.language],
            "spatial": facts.spatial,
            "temporal": _interval(facts.temporal),
            "references": _references(facts),
            "distribution": [
                _distribution(table, file) for table in facts.tables for file in table.files
            ],
        }
    )


def _references(facts: DatasetFacts) -> list[str]:
    """Where it comes from, and what was made with it; each once, as the schema wants it."""
    urls = [source.url for source in facts.sources] + [work.url for work in facts.works]
    return list(dict.fromkeys(urls))


def _distribution(table: TableFacts, file: FileFacts) -> dict[str, Any]:
    return compact(
        {
            "@type": "dcat:Distribution",
            "title": f"{table.name}.{file.format}",
            "description": table.description,
            "downloadURL": file.url,
            "mediaType": file.media_type,
            "format": file.format,
        }
    )


def _interval(temporal: str | None) -> str | None:
    """DCAT-US wants a start and an end: a year lasts from itself to itself."""
    if temporal is None or temporal.endswith("/.."):
        return None
    return temporal if "/" in temporal else f"{temporal}/{temporal}"
