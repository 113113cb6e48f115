"""From the catalog's rows to the facts of the formats."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from newsletter.catalog.describe.citation import bibtex, csl_json
from newsletter.catalog.describe.croissant import croissant
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.dcat import dcat
from newsletter.catalog.describe.facts import DatasetFacts, SourceFacts, license_url
from newsletter.catalog.describe.jsonld import jsonld
from newsletter.catalog.describe.published import citation, citation_facts, facts_of
from newsletter.db import Database
from newsletter.models import Version
from newsletter.settings import Settings
from newsletter.storage import Storage
from tests import factories

PAGE = "https://news.example.org/datasets/penguins"


@pytest.fixture
def version(sqlite_db: Database, tmp_path: Path) -> Iterator[Version]:
    with sqlite_db.write() as session:
        yield factories.dataset(session, Storage(tmp_path / "storage"))


@pytest.fixture
def described(version: Version, settings: Settings) -> DatasetFacts:
    return facts_of(version, settings)


def test_addresses_are_those_of_the_site(described: DatasetFacts) -> None:
    assert described.url == PAGE
    assert described.version_url == f"{PAGE}/v/1.0.0/"
    (table,) = described.tables
    assert [file.url for file in table.files] == [
        f"{PAGE}/v/1.0.0/penguins.{kind}" for kind in ("csv", "parquet", "json")
    ]
    assert table.main_file.bytes == len(factories.PENGUINS)


def test_words_and_profiles_come_along(described: DatasetFacts) -> None:
    assert described.publisher.email == "hello@news.example.org"
    assert described.sources == (
        SourceFacts(
            "palmerpenguins",
            "https://allisonhorst.github.io/palmerpenguins/",
            "Allison Horst",
            date(2026, 11, 1),
        ),
    )
    bill = described.tables[0].columns[1]
    assert (bill.name, bill.unit) == ("bill_mm", "mm")
    assert bill.profile is not None
    assert bill.profile["nan_count"] == 1


def test_the_formats_take_it(described: DatasetFacts) -> None:
    assert datapackage(described)["resources"][0]["schema"]["fields"][0]["name"] == "species"
    assert croissant(described)["version"] == "1.0.0"


def test_a_citation_is_the_curators_or_made(version: Version, settings: Settings) -> None:
    assert citation(version, settings) == "Horst AM (2020). palmerpenguins."
    version.citation = ""
    made = citation(version, settings)
    assert made.startswith("Kristen Gorman (2026). The penguins of the archipelago")
    assert f"{PAGE}/v/1.0.0/" in made


def test_a_dataset_of_nobody_is_cited_by_its_title(version: Version, settings: Settings) -> None:
    version.citation, version.creators, version.sources = "", [], []
    assert citation(version, settings).startswith(f"{version.title} (")


def test_a_draft_can_be_described(version: Version, settings: Settings) -> None:
    version.published_at = None
    version.license = None
    facts = facts_of(version, settings)
    assert facts.published == version.modified_at
    assert facts.license == ""


def test_a_draft_without_a_licence_is_described_without_one(
    version: Version, settings: Settings
) -> None:
    version.license, version.citation = None, None
    facts, work = facts_of(version, settings), citation_facts(version, settings)
    assert facts.license_url is None
    documents = (jsonld(facts), croissant(facts), dcat(facts), datapackage(facts), csl_json(work))
    for document in documents:
        text = json.dumps(document)
        assert '"license' not in text
        assert "spdx.org" not in text
    assert facts.citation.endswith("/v/1.0.0/")
    assert "version 1.0.0}" in bibtex(work)


def test_a_licence_is_led_to_at_spdx() -> None:
    assert license_url("CC0-1.0") == "https://spdx.org/licenses/CC0-1.0.html"
    assert license_url("A B/C") == "https://spdx.org/licenses/A%20B%2FC.html"
    assert license_url(None) is license_url("") is None
