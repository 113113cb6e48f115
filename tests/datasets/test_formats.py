"""Each dataset of the starter catalog against the validators, as a running site serves it."""

import csv
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import frictionless
import mlcroissant
import numpy as np
import pandas as pd
import pytest
import requests

from tests.datasets.conftest import Starter

pytestmark = [
    pytest.mark.xdist_group("starter"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

# mlcroissant yields some 3,500 rows a second: flights and weather whole are for `make formats`.
AT_MOST = None if os.environ.get("NEWSLETTER_TESTS_ALL_ROWS") else 10_000


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROISSANT_CACHE", str(tmp_path / "cache"))


def test_frictionless_has_neither_error_nor_warning(starter: Starter, slug: str) -> None:
    report = frictionless.validate(
        f"{starter.base_url}/datasets/{slug}/datapackage.json", type="package"
    )
    assert report.flatten(["type", "note"]) == []
    assert report.warnings == []
    assert [task.warnings for task in report.tasks] == [[] for _ in report.tasks]
    assert report.valid
    package = starter.get(f"/datasets/{slug}/datapackage.json").json()
    assert [task.name for task in report.tasks] == [r["name"] for r in package["resources"]]


def test_mlcroissant_has_no_complaint_and_yields_the_rows_of_the_csv(
    starter: Starter, slug: str, caplog: pytest.LogCaptureFixture
) -> None:
    dataset = mlcroissant.Dataset(jsonld=f"{starter.base_url}/datasets/{slug}/croissant.json")
    assert list(dataset.metadata.issues.errors) == []
    assert list(dataset.metadata.issues.warnings) == []
    package = starter.get(f"/datasets/{slug}/datapackage.json").json()
    assert [each.uuid for each in dataset.metadata.record_sets] == [
        resource["name"] for resource in package["resources"]
    ]
    for resource in package["resources"]:
        found = dataset.records(resource["name"])
        wanted = rows_of(resource)
        for row, record in zip(islice(wanted, AT_MOST), islice(iter(found), AT_MOST), strict=True):
            assert {name: plain(value) for name, value in record.items()} == row
    assert [each.getMessage() for each in caplog.records if each.levelname != "INFO"] == []


def rows_of(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a resource's CSV, as the names and values that Croissant calls them by."""
    fields = resource["schema"]["fields"]
    content = requests.get(resource["path"], timeout=60).content.decode("utf-8")
    for row in csv.DictReader(content.splitlines(keepends=True)):
        assert list(row) == [field["name"] for field in fields]
        yield {
            f"{resource['name']}/{field['name']}": READ[field["type"]](row[field["name"]])
            if row[field["name"]]
            else None
            for field in fields
        }


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


READ: dict[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": moment,
    "datetime": moment,
}


def plain(value: Any) -> Any:
    """A value of mlcroissant's as Python has it."""
    match value:
        case bytes():
            return value.decode("utf-8")
        case np.generic():
            return value.item()
        case pd.Timestamp():
            return moment(value.isoformat())
    return value
