import re
from dataclasses import replace

import pytest

from newsletter.catalog.describe.dcat import catalog, dcat
from newsletter.catalog.describe.facts import DatasetFacts


def test_a_dataset_has_what_the_schema_requires(facts: DatasetFacts) -> None:
    document = dcat(facts)
    assert set(document) >= {
        "title", "description", "keyword", "modified", "publisher", "contactPoint", "identifier",
        "accessLevel",
    }  # fmt: skip
    assert document["contactPoint"]["hasEmail"] == "mailto:hello@news.example.org"
    assert document["publisher"]["name"] == "Dataset Daily"
    assert document["modified"] == "2026-11-24"
    assert not {"bureauCode", "programCode"} & set(document)


def test_a_download_has_a_bare_media_type(facts: DatasetFacts) -> None:
    for item in dcat(facts)["distribution"]:
        assert item["downloadURL"].startswith("http")
        assert re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", item["mediaType"])


@pytest.mark.parametrize(
    ("temporal", "interval"),
    [("2007/2009", "2007/2009"), ("2007", "2007/2007"), ("2007/..", None), (None, None)],
)
def test_a_time_is_an_interval(
    facts: DatasetFacts, temporal: str | None, interval: str | None
) -> None:
    assert dcat(replace(facts, temporal=temporal)).get("temporal") == interval


def test_the_catalog_names_the_schema_it_follows(facts: DatasetFacts) -> None:
    document = catalog("https://news.example.org/data.json", [facts])
    assert document["conformsTo"] == "https://resources.data.gov/schemas/dcat-us/v1.1/schema"
    assert document["dataset"] == [dcat(facts)]
