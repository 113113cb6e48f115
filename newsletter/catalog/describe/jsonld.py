"""schema.org/Dataset as JSON-LD, for the dataset's page.

Follows https://developers.google.com/search/docs/appearance/structured-data/dataset.
"""

from typing import Any

from newsletter.catalog.describe.facts import (
    ColumnFacts,
    DatasetFacts,
    ErratumFacts,
    FileFacts,
    TableFacts,
    WorkFacts,
    license_url,
)
from newsletter.catalog.describe.parts import compact, party

VARIABLES = 200  # that are named; the data package has all of them


def jsonld(facts: DatasetFacts) -> dict[str, Any]:
    """The dataset as schema.org has it, every file a distribution."""
    return compact(
        {
            "@context": "https://schema.org/",
            "@type": "Dataset",
            "@id": facts.version_url,
            "name": facts.title,
            "description": facts.description,
            "url": facts.url,
            "sameAs": [source.url for source in facts.sources],
            "identifier": facts.version_url,
            "version": facts.version,
            "keywords": list(facts.keywords),
            "license": facts.license_url,
            "isAccessibleForFree": True,
            "inLanguage": facts.language,
            "creator": [party(creator) for creator in facts.creators],
            "publisher": party(facts.publisher, "Organization"),
            "citation": facts.citation,
            "datePublished": facts.published.date().isoformat(),
            "dateModified": facts.modified.date().isoformat(),
            "creativeWorkStatus": "Superseded" if facts.erratum else None,
            "correction": _correction(facts.erratum) if facts.erratum else None,
            "temporalCoverage": facts.temporal,
            "spatialCoverage": {"@type": "Place", "name": facts.spatial} if facts.spatial else None,
            "variableMeasured": [
                _variable(column) for table in facts.tables for column in table.columns
            ][:VARIABLES],
            "includedInDataCatalog": {
                "@type": "DataCatalog",
                "name": facts.catalog_title,
                "url": facts.catalog_url,
            },
            "distribution": [
                _download(table, file) for table in facts.tables for file in table.files
            ],
            "subjectOf": [_work(work) for work in facts.works],
        }
    )


def _correction(erratum: ErratumFacts) -> dict[str, Any]:
    return {
        "@type": "CorrectionComment",
        "text": erratum.note,
        "datePublished": erratum.published.date().isoformat(),
        "url": erratum.url,
    }


def _work(work: WorkFacts) -> dict[str, Any]:
    return {
        "@type": "SoftwareSourceCode",
        "name": work.title,
        "abstract": work.question,
        "url": work.url,
        "author": party(work.author),
        "programmingLanguage": work.language,
        "license": license_url(work.license),
        "datePublished": work.published.date().isoformat(),
    }


def _variable(column: ColumnFacts) -> dict[str, Any]:
    statistics = (column.profile or {}).get("statistics", {})
    return compact(
        {
            "@type": "PropertyValue",
            "name": column.name,
            "description": column.description,
            "unitText": column.unit,
            "minValue": statistics.get("min") if column.is_number else None,
            "maxValue": statistics.get("max") if column.is_number else None,
        }
    )


def _download(table: TableFacts, file: FileFacts) -> dict[str, Any]:
    return compact(
        {
            "@type": "DataDownload",
            "name": f"{table.name}.{file.format}",
            "description": table.description,
            "contentUrl": file.url,
            "encodingFormat": file.media_type,
            "contentSize": f"{file.bytes} B",
            "sha256": file.sha256,
        }
    )
