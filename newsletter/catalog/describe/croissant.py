"""Croissant 1.1 (https://docs.mlcommons.org/croissant/): a dataset that ML loaders can read.

Its rows are those of the Parquet file: a loader that reads the CSV by pandas takes
some words for missing values, NA, the code of Namibia, among them.
"""

from typing import Any

from newsletter.catalog.describe.facts import ColumnFacts, DatasetFacts, FileFacts, TableFacts
from newsletter.catalog.describe.parts import compact, party

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
PARQUET = "application/x-parquet"  # as Croissant calls it
DATA_TYPES = {
    "string": "sc:Text",
    "integer": "cr:Int64",
    "number": "cr:Float64",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
    "time": "sc:Time",
    "list": "sc:Text",  # written into a CSV as JSON
}
# What a profile knows of a column that is worth a sentence to a machine.
ANNOTATED = ("nan_count", "n_unique", "min", "max", "mean", "median", "std")
TERMS = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract",
    "field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray",
    "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references",
    "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
)  # fmt: skip


def croissant(facts: DatasetFacts) -> dict[str, Any]:
    """The dataset with a FileObject and a RecordSet for each table; statistics of the profile
    are annotations of their field."""
    return compact(
        {
            "@context": _context(facts.language),
            "@type": "sc:Dataset",
            "conformsTo": CONFORMS_TO,
            "name": facts.slug,
            "alternateName": facts.title,
            "description": facts.description,
            "url": facts.url,
            "sameAs": [source.url for source in facts.sources],
            "version": facts.version,
            "license": facts.license_url,
            "citeAs": facts.citation,
            "keywords": list(facts.keywords),
            "inLanguage": facts.language,
            "creator": [party(creator, "sc:Person") for creator in facts.creators],
            "publisher": party(facts.publisher, "sc:Organization"),
            "datePublished": facts.published.date().isoformat(),
            "dateModified": facts.modified.date().isoformat(),
            "distribution": [
                _file_object(table, file)
                for table in facts.tables
                for file in table.files
                if file == table.main_file or file == _file_of_rows(table)
            ],
            "recordSet": [_record_set(table) for table in facts.tables],
        }
    )


def _context(language: str) -> dict[str, Any]:
    return {
        "@language": language,
        "@vocab": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "dct": "http://purl.org/dc/terms/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "sc": "https://schema.org/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{term: f"cr:{term}" for term in TERMS},
    }


def _file_of_rows(table: TableFacts) -> FileFacts:
    """Parquet where there is one; where a column holds lists, CSV, which has them as text."""
    if any(column.type == "list" for column in table.columns):
        return table.main_file
    return next((file for file in table.files if file.format == "parquet"), table.main_file)


def _file_object(table: TableFacts, file: FileFacts) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": f"{table.name}.{file.format}",
        "name": f"{table.name}.{file.format}",
        "contentUrl": file.url,
        "encodingFormat": PARQUET if file.format == "parquet" else file.media_type,
        "contentSize": f"{file.bytes} B",
        "sha256": file.sha256,
    }


def _record_set(table: TableFacts) -> dict[str, Any]:
    return compact(
        {
            "@type": "cr:RecordSet",
            "@id": table.name,
            "name": table.name,
            "description": table.description,
            "key": [{"@id": _field_id(table, name)} for name in table.primary_key],
            "field": [_field(table, column) for column in table.columns],
        }
    )


def _field(table: TableFacts, column: ColumnFacts) -> dict[str, Any]:
    file = _file_of_rows(table)
    references = {
        name: f"{key.table}/{other}"
        for key in table.foreign_keys
        for name, other in zip(key.columns, key.references, strict=True)
    }
    return compact(
        {
            "@type": "cr:Field",
            "@id": _field_id(table, column.name),
            "name": column.name,
            "description": _description(column),
            "dataType": DATA_TYPES[column.type],
            "source": {
                "fileObject": {"@id": f"{table.name}.{file.format}"},
                "extract": {"column": column.name},
            },
            "references": (
                {"field": {"@id": references[column.name]}} if column.name in references else None
            ),
            "annotation": _annotations(table, column),
        }
    )


def _annotations(table: TableFacts, column: ColumnFacts) -> list[dict[str, Any]]:
    statistics = (column.profile or {}).get("statistics", {})
    return [
        {
            "@type": "cr:Field",
            "@id": f"{_field_id(table, column.name)}/{name}",
            "name": name,
            "dataType": _type_of(statistics[name]),
            "value": statistics[name],
        }
        for name in ANNOTATED
        if statistics.get(name) is not None
    ]


def _type_of(value: Any) -> str:
    if isinstance(value, str):
        return "sc:Text"
    return "sc:Integer" if isinstance(value, int) else "sc:Float"


def _description(column: ColumnFacts) -> str | None:
    if column.unit and column.description:
        return f"{column.description} Unit: {column.unit}."
    return f"Unit: {column.unit}." if column.unit else column.description


def _field_id(table: TableFacts, column: str) -> str:
    return f"{table.name}/{column}"
