"""What a catalog and a page say to harvesters, against schemas of their public specifications."""

import hashlib
import json
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.datasets.conftest import Starter
from tests.datasets.schema import complaints
from tests.datasets.starter import SLUGS

pytestmark = pytest.mark.xdist_group("starter")


def linked_data(starter: Starter, slug: str) -> dict[str, Any]:
    page = BeautifulSoup(starter.get(f"/datasets/{slug}").text, "html.parser")
    (script,) = page.find_all("script", type="application/ld+json")
    found = json.loads(script.text)
    assert isinstance(found, dict)
    return found


def test_the_catalog_is_dcat_us(starter: Starter) -> None:
    document = starter.get("/data.json").json()
    assert complaints(document, "dcat-us-1.1.json") == []
    assert document["@id"] == f"{starter.base_url}/data.json"
    assert sorted(each["identifier"] for each in document["dataset"]) == [
        f"{starter.base_url}/datasets/{slug}" for slug in SLUGS
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"keyword": []},
        {"modified": "last week"},
        {"bureauCode": ["015:11"]},
        {"accrualPeriodicity": "weekly"},
        {"temporal": "2013"},
        {"contactPoint": {"fn": "Dataset Daily"}},
        {"distribution": [{"downloadURL": "https://x.example/a", "mediaType": "text/csv; a=b"}]},
    ],
)
def test_the_schema_of_dcat_us_refuses_what_it_should(
    starter: Starter, wrong: dict[str, Any]
) -> None:
    document = starter.get("/data.json").json()
    document["dataset"][0] |= wrong
    assert len(complaints(document, "dcat-us-1.1.json")) == 1


def test_a_page_has_its_dataset_as_linked_data(starter: Starter, slug: str) -> None:
    document = linked_data(starter, slug)
    assert complaints(document, "schema-org-dataset.json") == []
    assert document["url"] == f"{starter.base_url}/datasets/{slug}"


def test_every_download_that_is_named_is_there(starter: Starter, slug: str) -> None:
    for item in linked_data(starter, slug)["distribution"]:
        answer = starter.get(item["contentUrl"].removeprefix(starter.base_url))
        assert answer.headers["Content-Type"].partition(";")[0] == item["encodingFormat"]
        assert f"{len(answer.content)} B" == item["contentSize"]
        assert hashlib.sha256(answer.content).hexdigest() == item["sha256"]


def test_the_schema_of_linked_data_refuses_what_it_should(starter: Starter) -> None:
    document = linked_data(starter, SLUGS[0])
    document |= {"description": "Short.", "datePublished": "2026-13-01", "creator": "Eve"}
    assert len(complaints(document, "schema-org-dataset.json")) == 3
