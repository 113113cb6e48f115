"""The bill of materials, read back by jsonschema and CycloneDX's own schema: not by its maker."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource

from development import bill_of_materials
from newsletter import __version__
from tests.makefile import ROOT

Bill = dict[str, Any]
PIN = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]+\])?==([^ ;\\]+)", re.MULTILINE)
HOME = "http://cyclonedx.org/schema/"
SCHEMAS = files("cyclonedx.schema") / "_res"


def schema(name: str) -> Any:
    return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text())


@pytest.fixture(scope="module")
def validate() -> Callable[[Bill], list[str]]:
    registry: Registry[Any] = Registry().with_resources(
        (f"{HOME}{name}", Resource.from_contents(schema(name.partition(".SNAP")[0])))
        for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
    )
    validator = Draft7Validator(schema("bom-1.6"), registry=registry)
    return lambda bill: [error.message for error in validator.iter_errors(bill)]


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> Bill:
    file = bill_of_materials.main(tmp_path_factory.mktemp("dist"))
    assert file.name == f"dataset-daily-{__version__}.cdx.json"
    read: Bill = json.loads(file.read_text())
    return read


def test_it_is_what_the_standard_says(bill: Bill, validate: Callable[[Bill], list[str]]) -> None:
    assert bill["bomFormat"] == "CycloneDX"
    assert validate(bill) == []
    assert validate(bill | {"components": [{"name": "without a type"}]}) != []


def test_it_names_what_the_lock_names_with_hashes(bill: Bill) -> None:
    pins = set(PIN.findall((ROOT / "requirements.txt").read_text()))
    assert {(one["name"], one["version"]) for one in bill["components"]} == pins
    assert len(pins) > 50
    for one in bill["components"]:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
        assert any(reference.get("hashes") for reference in one["externalReferences"]), one["name"]


def test_it_is_of_this_version(bill: Bill) -> None:
    component = bill["metadata"]["component"]
    assert (component["name"], component["version"]) == ("dataset-daily", __version__)


def test_it_is_made_with_the_wheel() -> None:
    recipe = (Path(ROOT) / "Makefile").read_text().partition("\nwheel:")[2].partition("\n\n")[0]
    assert "pip wheel" in recipe
    assert "development.bill_of_materials dist" in recipe
