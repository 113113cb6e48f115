"""Against mlcroissant: no error, no warning, and its loader yields the rows."""

import json
from pathlib import Path
from typing import Any

import mlcroissant
import pytest

from newsletter.catalog.describe.croissant import croissant
from newsletter.catalog.describe.facts import DatasetFacts

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path / "cache"))


def loaded(facts: DatasetFacts, folder: Path) -> mlcroissant.Dataset:
    path = folder / "croissant.json"
    path.write_text(json.dumps(croissant(facts)), encoding="utf-8")
    return mlcroissant.Dataset(jsonld=str(path))


@pytest.mark.parametrize("which", ["facts", "bare"])
def test_mlcroissant_has_neither_error_nor_warning(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    facts: DatasetFacts = request.getfixturevalue(which)
    issues = loaded(facts, tmp_path).metadata.issues
    assert list(issues.errors) == []
    assert list(issues.warnings) == []


def test_its_loader_yields_the_rows(facts: DatasetFacts, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = list(loaded(facts, tmp_path).records("birds"))
    assert len(rows) == 4
    assert rows[0]["birds/id"] == 1
    assert rows[0]["birds/mass"] == 3750
    assert rows[1]["birds/mass"] is None
    assert [row["birds/tagged"] for row in rows] == [True, False, None, True]
    assert rows[3]["birds/species"].decode() == "Émile"
    assert str(rows[0]["birds/seen"]).startswith("2007-11-11")
    names = [row["islands/name"] for row in loaded(facts, tmp_path).records("islands")]
    assert names == [b"Torgersen", b"Biscoe"]


def test_it_says_what_version_1_1_asks_for(facts: DatasetFacts) -> None:
    document = croissant(facts)
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert isinstance(document["@context"], dict)
    assert {"citeAs", "datePublished", "license", "version", "creator", "url"} <= set(document)
    assert document["distribution"][0]["sha256"] == facts.tables[0].files[0].sha256
    fields = {field["name"]: field for field in document["recordSet"][0]["field"]}
    assert not any({"source", "value"} <= set(field) for field in fields.values())
    assert fields["origin"]["references"] == {"field": {"@id": "islands/code"}}


def test_statistics_are_annotations(facts: DatasetFacts) -> None:
    (mass,) = (f for f in croissant(facts)["recordSet"][0]["field"] if f["name"] == "mass")
    found = {item["name"]: item["value"] for item in mass["annotation"]}
    assert (found["min"], found["max"], found["nan_count"]) == (3300, 3750, 1)


def test_ids_are_unique(facts: DatasetFacts) -> None:
    ids: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            if "@type" in value and "@id" in value:
                ids.append(value["@id"])
            for inner in value.values():
                collect(inner)
        elif isinstance(value, list):
            for inner in value:
                collect(inner)

    collect({key: value for key, value in croissant(facts).items() if key != "@context"})
    assert len(ids) == len(set(ids))
