"""What a newsletter has, as its index says."""

from datetime import timedelta

import pytest

from dataset_daily import NoSuchTable, datasets, latest, load
from tests.client.conftest import MONDAY, Served


def test_every_dataset_is_listed_by_its_newest_version(served: Served) -> None:
    published = datasets()
    assert [(dataset.slug, dataset.version) for dataset in published] == [
        ("kinds", "1.1.0"),
        ("lonely", "1.0.0"),
        ("world", "1.0.0"),
    ]
    world = published[2]
    assert (world.title, world.license) == ("The world of a test", "CC0-1.0")
    assert world.tables == ("countries", "cities")
    assert world.keywords == ("edges",)
    assert world.url == f"{served.address}/datasets/world"


def test_the_latest_is_the_one_that_came_out_last(served: Served) -> None:
    newest = latest()
    assert (newest.slug, newest.published) == ("kinds", MONDAY + timedelta(days=21))
    assert len(load(newest.slug)) == 5


def test_nothing_is_the_latest_of_nothing(served: Served) -> None:
    served.spoiled["/index.json"] = b'{"datasets": []}'
    assert datasets() == []
    with pytest.raises(NoSuchTable, match="look again on a Monday"):
        latest()
