"""The properties that Google asks a dataset for."""

from newsletter.catalog.describe.facts import DatasetFacts
from newsletter.catalog.describe.jsonld import jsonld

ASKED_FOR = {
    "name", "description", "creator", "license", "keywords", "temporalCoverage", "spatialCoverage",
    "variableMeasured", "version", "url", "sameAs", "isAccessibleForFree", "includedInDataCatalog",
    "distribution",
}  # fmt: skip


def test_it_has_every_property_that_is_asked_for(facts: DatasetFacts) -> None:
    document = jsonld(facts)
    assert set(document) >= ASKED_FOR
    assert document["@type"] == "Dataset"
    assert 50 <= len(document["description"]) <= 5000
    assert document["sameAs"] == ["https://example.org/palmer"]
    assert document["creator"][0] == {
        "@type": "Person",
        "name": "Kristen Gorman",
        "url": "https://example.org/kg",
    }


def test_every_file_is_a_distribution(facts: DatasetFacts) -> None:
    downloads = jsonld(facts)["distribution"]
    assert [item["encodingFormat"] for item in downloads] == ["text/csv", "text/csv"]
    assert downloads[0]["contentUrl"] == facts.tables[0].files[0].url


def test_every_column_is_a_variable_with_its_range(facts: DatasetFacts) -> None:
    variables = {item["name"]: item for item in jsonld(facts)["variableMeasured"]}
    assert variables["mass"] == {
        "@type": "PropertyValue",
        "name": "mass",
        "description": "Its mass.",
        "unitText": "g",
        "minValue": 3300,
        "maxValue": 3750,
    }
    assert "minValue" not in variables["species"]
    assert "minValue" not in variables["seen"]


def test_who_made_it_is_left_out_where_nobody_is_named(bare: DatasetFacts) -> None:
    document = jsonld(bare)
    assert not {"creator", "sameAs"} & set(document)
    assert not {"keywords", "sameAs", "temporalCoverage", "spatialCoverage"} & set(document)
