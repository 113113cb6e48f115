"""Against frictionless, which reads the data by the descriptor and checks both."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import frictionless
import pytest
from frictionless.resources import TableResource

from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.facts import DatasetFacts

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def problems(document: dict[str, Any], folder: Path) -> list[str]:
    """What frictionless finds wrong with the package that lies in ``folder``."""
    path = folder / "datapackage.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    report = frictionless.validate(str(path), type="package")
    return [f"{code}: {note}" for code, note in report.flatten(["type", "note"])]


@pytest.mark.parametrize("which", ["facts", "bare"])
def test_frictionless_finds_nothing_wrong(
    which: str, request: pytest.FixtureRequest, site: tuple[Path, str]
) -> None:
    facts: DatasetFacts = request.getfixturevalue(which)
    assert problems(datapackage(facts, relative=True), site[0]) == []


def test_frictionless_would_find_a_changed_file(
    facts: DatasetFacts, site: tuple[Path, str]
) -> None:
    document = datapackage(facts, relative=True)
    with (site[0] / "birds.csv").open("a") as file:
        file.write("x,y\n")
    found = " ".join(problems(document, site[0]))
    assert "hash-count" in found or "sha256" in found
    assert "type-error" in found or "cell" in found


def test_it_reads_missing_values_and_types(facts: DatasetFacts, site: tuple[Path, str]) -> None:
    path = site[0] / "datapackage.json"
    path.write_text(json.dumps(datapackage(facts, relative=True)), encoding="utf-8")
    birds = frictionless.Package(str(path)).get_resource("birds")
    assert isinstance(birds, TableResource)
    rows = birds.read_rows()
    assert [row["mass"] for row in rows] == [3750, None, 3500, 3300]
    assert rows[0]["tagged"] is True


def test_it_says_what_version_2_asks_for(facts: DatasetFacts) -> None:
    document = datapackage(facts)
    assert document["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert document["created"] == "2026-11-23T08:00:00+00:00"
    assert document["licenses"] == [
        {"name": "CC0-1.0", "path": "https://spdx.org/licenses/CC0-1.0.html"}
    ]
    birds = document["resources"][0]
    assert birds["path"] == facts.tables[0].files[0].url
    assert birds["hash"] == f"sha256:{facts.tables[0].files[0].sha256}"
    assert (birds["type"], birds["mediatype"], birds["encoding"]) == ("table", "text/csv", "utf-8")
    assert birds["schema"]["primaryKey"] == ["id"]
    assert birds["schema"]["foreignKeys"] == [
        {"fields": ["origin"], "reference": {"resource": "islands", "fields": ["code"]}}
    ]
    assert birds["schema"]["fields"][1]["constraints"]["enum"][0] == "Adelie"


def test_what_is_empty_is_left_out(bare: DatasetFacts) -> None:
    document = datapackage(bare)
    assert not {"keywords", "sources", "contributors"} & set(document)
    assert document["resources"][0]["schema"]["fields"][0] == {"name": "id", "type": "integer"}


def test_an_address_with_a_query_has_a_plain_file_name(facts: DatasetFacts) -> None:
    (file,) = facts.tables[0].files
    signed = replace(file, url=f"{file.url}?signature=..%2F..")
    odd = replace(facts, tables=(replace(facts.tables[0], files=(signed,)),))
    assert datapackage(odd, relative=True)["resources"][0]["path"] == "birds.csv"
