"""Whether what describes a dataset to programs has what its format requires.

The tests put these documents through each format's public validator; this is
what of it depends on the words of a dataset rather than on our code.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.catalog.describe.croissant import croissant
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.dcat import dcat
from newsletter.catalog.describe.facts import DatasetFacts
from newsletter.catalog.describe.jsonld import jsonld

Document = Mapping[str, Any]
# For each format: what a whole document has, and what each entry of its lists has. An entry of
# a list in a list is named by both.
REQUIRED: dict[str, tuple[Callable[[DatasetFacts], Document], dict[str, Sequence[str]]]] = {
    "Data Package": (
        datapackage,
        {
            "": ("$schema", "name", "id", "licenses", "resources"),
            "licenses": ("name",),
            "resources": ("name", "path", "type", "mediatype", "encoding", "bytes", "hash"),
            "resources.schema.fields": ("name", "type"),
        },
    ),
    "Croissant": (
        croissant,
        {
            "": (
                "@context", "conformsTo", "name", "url", "version", "license", "citeAs",
                "datePublished", "distribution", "recordSet",
            ),
            "distribution": ("@id", "encodingFormat", "contentUrl", "sha256"),
            "recordSet": ("@id", "field"),
            "recordSet.field": ("@id", "dataType", "source"),
        },
    ),
    "JSON-LD": (
        jsonld,
        {
            "": (
                "name", "description", "license", "keywords", "version", "url",
                "includedInDataCatalog", "variableMeasured", "distribution",
            ),
            "distribution": ("contentUrl", "encodingFormat"),
            "variableMeasured": ("name",),
        },
    ),
    "DCAT": (
        dcat,
        {
            "": (
                "title", "description", "keyword", "modified", "publisher", "contactPoint",
                "identifier", "accessLevel", "distribution",
            ),
            "contactPoint": ("fn", "hasEmail"),
            "distribution": ("downloadURL", "mediaType"),
        },
    ),
}  # fmt: skip


def document_findings(facts: DatasetFacts) -> Iterator[Finding]:
    """One for each format in which something is missing, or which cannot be made at all."""
    for name, (make, required) in REQUIRED.items():
        try:
            lacks = sorted(set(_lacks(make(facts), required)))
        except (KeyError, ValueError, TypeError) as error:
            sentence = f"{name} cannot be made of it: {type(error).__name__} {error}."
            yield Finding(facts.slug, "document", Weight.WRONG, sentence)
            continue
        if lacks:
            sentence = f"its {name} lacks {', '.join(lacks)}."
            yield Finding(facts.slug, "document", Weight.WRONG, sentence)


def _lacks(document: Document, required: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for path, names in required.items():
        entries = _entries(document, path)
        if not entries:
            yield path
        for entry in entries:
            for name in names:
                if entry.get(name) in (None, "", [], {}):
                    yield f"{path}.{name}".lstrip(".")


def _entries(document: Document, path: str) -> list[Document]:
    """What is at ``path``, the entries of each list on the way taken one by one."""
    entries = [document]
    for step in path.split(".") if path else ():
        values = [entry.get(step) or [] for entry in entries]
        entries = [
            one for value in values for one in (value if isinstance(value, list) else [value])
        ]
    return entries
