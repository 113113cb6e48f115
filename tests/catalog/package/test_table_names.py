import re
from typing import Any

import pytest

from newsletter.catalog.package.table_names import AT_MOST, part_name, table_name, with_names
from newsletter.file_names import name_in_address
from newsletter.tables.reading.file_kinds import PACKED_ENDINGS
from tests.file_names import ODD_NAMES

SAFE = re.compile(r"[a-z0-9]+([-_]+[a-z0-9]+)*")


@pytest.mark.parametrize(("file", "name"), ODD_NAMES.items())
def test_a_table_is_called_after_its_file(file: str, name: str) -> None:
    assert table_name(file) == name
    assert SAFE.fullmatch(name)
    assert len(name) <= AT_MOST


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("", "table"),
        ("...", "table"),
        ("data/birds.csv", "birds"),
        ("С.csv", "s"),  # Cyrillic
        ("서울 인구.csv", "seo-ul-in-gu"),
        ("北京2024年.csv", "bei-jing-2024-nian"),
        ("Straße.csv", "strasse"),
        ("don't stop.csv", "dont-stop"),
        ("a -_- b.csv", "a-b"),
        ("order__items.csv", "order__items"),
        ("results.out", "results-out"),
        ("sales.xlsx/North", "north"),
        ("cafe\u0301.csv", "cafe"),
    ],
)
def test_the_name_says_what_the_file_is_called(file: str, name: str) -> None:
    assert table_name(file) == name


@pytest.mark.parametrize("file", ["con.csv", "LPT1.txt", "chart.csv", "datapackage.json"])
def test_a_name_that_is_taken_elsewhere_is_not_given(file: str) -> None:
    assert table_name(file) == f"{file.partition('.')[0].lower()}-table"


def test_a_name_that_is_taken_gets_a_number_and_stays_short() -> None:
    assert table_name("birds.csv", {"birds", "birds-2"}) == "birds-3"
    long = table_name("b" * 300)
    assert table_name("b" * 300, {long}) == f"{'b' * (AT_MOST - 2)}-2"


def test_each_ending_of_packing_is_taken_off() -> None:
    for ending in PACKED_ENDINGS:
        assert table_name(f"birds.csv{ending}") == table_name(f"birds{ending}") == "birds"


def test_a_host_is_a_name_where_an_address_has_no_other() -> None:
    assert table_name(name_in_address("https://data.example.org/")) == "data-example-org"


def test_tables_without_a_name_are_called_after_their_files() -> None:
    tables: list[Any] = [
        {"file": "data/Birds.csv"},
        {"file": "birds.json", "columns": []},
        {"name": "birds-2", "file": "x.csv"},
        {"url": "https://example.org/birds%20of%20prey.csv?v=1"},
        {"name": 7, "file": "seven.csv"},
        {"description": "neither file nor url"},
        {"file": 8},
        None,
    ]
    assert with_names(tables) == [
        {"name": "birds", "file": "data/Birds.csv"},
        {"name": "birds-3", "file": "birds.json", "columns": []},
        tables[2],
        {"name": "birds-of-prey", **tables[3]},
        *tables[4:],
    ]


def test_a_part_that_was_named_by_the_earlier_rule_stays() -> None:
    assert part_name("Ventes été", set(), set()) == "ventes-ete"
    assert part_name("Ventes été", set(), {"ventes-t"}) == "ventes-t"
    assert part_name("東京", {"table"}, {"table", "table-2"}) == "table-2"
    # Another part's new name is not taken for this one's earlier one.
    assert part_name("Été", set(), {"ete", "t"}) == "ete"
