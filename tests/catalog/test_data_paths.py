"""``../data/<file>`` of a post leads readers to the published file of its version."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newsletter.catalog.data_paths import published_as, with_addresses
from newsletter.catalog.describe.published import data_addresses
from newsletter.db import Database
from newsletter.models import Version
from newsletter.storage import Storage
from tests import factories

BASE = "https://news.example.org/"
HOME = "https://news.example.org/datasets/penguins/v/1.0.0"


@pytest.fixture
def version(sqlite_db: Database, tmp_path: Path) -> Iterator[Version]:
    tables = {"birds": "a\n1\n", "nests": "b\n2\n"}
    with sqlite_db.write() as session:
        version = factories.dataset(session, Storage(tmp_path / "storage"), "penguins", tables)
        version.tables[0].origin = "penguins-2020.csv.gz"
        version.tables[1].origin = "https://example.org/files/nests.parquet"
        yield version


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ('read_csv("../data/birds.csv")', f'read_csv("{HOME}/birds.csv")'),
        ('read_csv("../data/penguins-2020.csv.gz")', f'read_csv("{HOME}/birds.csv")'),
        ("FROM '../data/nests.parquet';", f"FROM '{HOME}/nests.parquet';"),
        ("../data/birds.csv and ../data/nests.csv.", f"{HOME}/birds.csv and {HOME}/nests.csv."),
        ("../data/other.csv", "../data/other.csv"),
        ("../data/../../../etc/passwd", "../data/../../../etc/passwd"),
        ("../data/", "../data/"),
        ("data/birds.csv", "data/birds.csv"),
    ],
)
def test_a_path_becomes_the_address_of_the_file(version: Version, written: str, seen: str) -> None:
    assert with_addresses(written, data_addresses(version, BASE)) == seen


def test_tables_of_one_file_are_reached_by_their_own_names() -> None:
    known = published_as({"a": "both.xlsx", "b": "both.xlsx"})
    assert known["a.csv"] == ("a", "csv")
    assert known["b.parquet"] == ("b", "parquet")
    assert "both.xlsx" not in known
