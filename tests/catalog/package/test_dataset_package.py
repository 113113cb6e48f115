from pathlib import Path
from typing import Any

import pytest
import yaml

from newsletter.catalog.package.dataset_package import (
    check_slug,
    parse_package,
    publishing_problems,
    read_package,
)
from newsletter.errors import Invalid, UnreadablePackage


def a_mapping(**changes: Any) -> dict[str, Any]:
    mapping: dict[str, Any] = {
        "title": "Palmer penguins",
        "summary": "Sizes of three species of penguins.",
        "description": "Measurements of penguins at Palmer Station, taken over three summers.\n",
        "license": "CC0-1.0",
        "version": "1.0.0",
        "keywords": ["penguins"],
        "sources": [{"title": "Palmer LTER", "url": "https://example.org/data"}],
        "tables": [
            {
                "name": "penguins",
                "file": "data/penguins.csv",
                "columns": [
                    {"name": "id", "type": "integer"},
                    {"name": "species", "type": "string", "categories": ["Adelie", "Gentoo"]},
                ],
            }
        ],
    }
    return mapping | changes


def a_table(**changes: Any) -> dict[str, Any]:
    table: dict[str, Any] = a_mapping()["tables"][0]
    return table | changes


def fields_of(**changes: Any) -> dict[str, str]:
    with pytest.raises(UnreadablePackage) as caught:
        parse_package(a_mapping(**changes))
    return caught.value.fields


def write(folder: Path, mapping: dict[str, Any] | str) -> Path:
    text = mapping if isinstance(mapping, str) else yaml.safe_dump(mapping, sort_keys=False)
    (folder / "dataset.yaml").write_text(text, "utf-8")
    return folder


def test_it_reads_a_dataset_folder(tmp_path: Path) -> None:
    package = read_package(write(tmp_path, a_mapping()))

    assert package.title == "Palmer penguins"
    assert package.tables[0].types == {"id": "integer", "species": "string"}
    assert package.tables[0].missing_values == ("",)
    assert package.language == "en"
    assert publishing_problems(package) == []


def test_it_reads_every_field_of_the_spelling(tmp_path: Path) -> None:
    text = f"""
title: Flights of one day
summary: Every flight that left New York in a day.
description: {"Delays, distances and carriers of the flights. " * 2}
license: CC-BY-4.0
version: 2.1.0
changelog: [{{version: 2.1.0, date: 2026-11-23, note: More rows.}}]
keywords: [flights, new york]
sources: [{{title: BTS, url: "https://example.org", publisher: BTS, retrieved: 2026-11-01}}]
creators: [{{name: Ann, url: "https://example.org/ann"}}, {{name: Bob}}]
citation: Ann and Bob (2026).
temporal: 2013
spatial: New York
language: en-US
tables:
  - name: airports
    url: https://example.org/airports.csv
    sha256: {"0a" * 32}
    bytes: 1200
    primary_key: [faa]
    columns: [{{name: faa, type: string}}]
  - name: flights
    file: data/flights.parquet
    description: One row a flight.
    missing_values: [NA, -999, ""]
    foreign_keys: [{{columns: [origin], table: airports, references: [faa]}}]
    columns:
      - {{name: origin, type: string, unit: code, description: Where from.}}
      - {{name: 2013, type: integer}}
chart: {{mark: bar, usermeta: {{table: flights}}}}
questions: ["Why?", "When?", "Where?"]
caveats: [Cancelled flights are missing.]
credit: {{curator: Ann, hat_tip: Bob}}
"""
    package = read_package(write(tmp_path, text))

    assert package.temporal == "2013"
    assert package.tables[1].missing_values == ("NA", "-999", "")
    assert package.tables[1].columns[1].name == "2013"
    assert package.tables[0].bytes == 1200
    assert package.chart == {"mark": "bar", "usermeta": {"table": "flights"}}
    assert package.sources[0].retrieved is not None


def test_a_package_does_not_change() -> None:
    package = parse_package(a_mapping())

    with pytest.raises(ValueError, match="frozen"):
        package.title = "Another title"


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"title": " "}, "title", "at least 1 character"),
        ({"title": "B" * 81}, "title", "at most 80 characters"),
        ({"images": [{"file": "a.png", "alt": "A map."}]}, "images", "no picture is shown"),
        ({"title": "Two\nlines"}, "title", "must be one line"),
        ({"title": True}, "title", "must be text: put it in quotes"),
        ({"summary": "Short."}, "summary", "at least 20 characters"),
        ({"description": "Short."}, "description", "at least 50 characters"),
        ({"version": 1.0}, "version", "must be text: put it in quotes"),
        ({"version": "1.0"}, "version", "must be like 1.0.0"),
        ({"keywords": ["Birds"]}, "keywords.0", "must be lower case"),
        ({"keywords": "birds"}, "keywords", "must be a list"),
        ({"licence": "CC0-1.0"}, "licence", "not a field that we know"),
        ({"language": "English"}, "language", "language tag"),
        ({"temporal": "last year"}, "temporal", "2007/2009"),
        ({"questions": ["Why?"]}, "", "3 to 6"),
        ({"questions": ["Why?"] * 7}, "questions", "at most 6 entries"),
        ({"chart": {"data": {}, "mark": "bar"}}, "", "leave out data"),
        ({"chart": "bar"}, "chart", "must be a mapping"),
        ({"sources": [{"title": "A", "url": "javascript:x"}]}, "sources.0.url", "web address"),
        ({"sources": [{"title": "A", "url": "https://"}]}, "sources.0.url", "web address"),
        ({"sources": [{"url": "https://a.example"}]}, "sources.0.title", "is missing"),
        ({"sources": ["A"]}, "sources.0", "must be a mapping"),
        ({"tables": [a_table(file=None)]}, "tables.0", "either file: or url:"),
        ({"tables": [a_table(url="https://a.example/x")]}, "tables.0", "not both"),
        (
            {"tables": [a_table(file=None, url="https://a.example/x")]},
            "tables.0",
            "needs sha256:",
        ),
        ({"tables": [a_table(name="Big Table")]}, "tables.0.name", "lower-case"),
        ({"tables": [a_table(), a_table()]}, "", "named twice"),
        ({"tables": [a_table(primary_key=["nope"])]}, "tables.0", "nope"),
        (
            {"tables": [a_table(columns=[{"name": "a", "type": "float"}])]},
            "tables.0.columns.0.type",
            "one of string, integer, number, boolean, date, datetime or time",
        ),
        (
            {"tables": [a_table(columns=[{"name": n, "type": "date"} for n in ("A", "a")])]},
            "tables.0",
            "column a is named twice",
        ),
        (
            {
                "tables": [
                    a_table(foreign_keys=[{"columns": ["id"], "table": "x", "references": ["y"]}])
                ]
            },
            "",
            "not among the tables",
        ),
    ],
)
def test_it_says_of_each_broken_rule_what_to_do(
    changes: dict[str, Any], path: str, says: str
) -> None:
    assert says in fields_of(**changes)[path]


def test_it_reports_everything_at_once_and_the_first_in_the_message() -> None:
    with pytest.raises(UnreadablePackage) as caught:
        parse_package(a_mapping(title="", version="1"))

    assert set(caught.value.fields) == {"title", "version"}
    assert str(caught.value) == "dataset.yaml: title: at least 1 character (and 1 more)."


@pytest.mark.parametrize(
    "stray", ["/etc/passwd", "../other/table.csv", "data/../../x.csv", "..\\x.csv", "a\0b"]
)
def test_it_refuses_a_path_out_of_the_folder(stray: str) -> None:
    assert "inside" in fields_of(tables=[a_table(file=stray)])["tables.0.file"]


def test_it_refuses_a_link_that_leads_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "penguins"
    folder.mkdir()
    (folder / "data").symlink_to(tmp_path)

    with pytest.raises(UnreadablePackage) as caught:
        read_package(write(folder, a_mapping()))

    assert "leads out" in caught.value.fields["tables.0.file"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title: [unclosed", "line 1"),
        ("- a\n- b\n", "must be a mapping"),
        ("", "must be a mapping"),
        ("1: a\n", "must be a mapping"),
        ("title: Penguins\ntitle: Birds\n", "line 2: title is written twice"),
        ("a: &x [1]\nb: *x\n", "aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "line 1"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("? [a, b]\n: c\n", "dataset.yaml"),
        ("title: a\0b\n", r"^dataset.yaml holds U\+0000, which YAML forbids: take it out\.$"),
        ("d: 2026-02-31\n", "not YAML"),
        ("x" * (256 * 1024 + 1), "over 256 KB"),
    ],
)
def test_it_refuses_yaml_that_is_not_a_plain_mapping(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UnreadablePackage, match=says):
        read_package(write(tmp_path, text))


def test_it_says_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadablePackage, match=r"no readable dataset\.yaml"):
        read_package(tmp_path)


def test_it_says_when_the_file_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_bytes("title: Séries".encode("latin-1"))

    with pytest.raises(UnreadablePackage, match="UTF-8"):
        read_package(tmp_path)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"license": None}, "no license"),
        ({"license": "CC-BY"}, "not an SPDX license id"),
        ({"license": "cc-by-4.0"}, "did you mean CC-BY-4.0?"),
        ({"license": "GPL-3.0"}, "deprecated"),
        ({"license": "MIT OR CC0-1.0"}, "not an SPDX"),
        ({"keywords": []}, "no keywords"),
        ({"tables": []}, "no table"),
        ({"tables": [a_table(columns=[])]}, "penguins has no columns"),
    ],
)
def test_it_lists_what_keeps_a_draft_from_being_published(
    changes: dict[str, Any], says: str
) -> None:
    (problem,) = publishing_problems(parse_package(a_mapping(**changes)))

    assert says in problem


@pytest.mark.parametrize("slug", ["penguins", "a", "nyc-flights-13", "0", "a" * 60])
def test_it_accepts_slugs(slug: str) -> None:
    assert check_slug(slug) == slug


@pytest.mark.parametrize(
    "slug", ["", "Penguins", "-a", "a-", "a--b", "a_b", "a/b", "..", "é", "a\n", "a" * 61]
)
def test_it_refuses_what_cannot_stand_in_an_address(slug: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_slug(slug)
    assert "slug" in caught.value.fields


def test_it_refuses_a_table_by_the_name_of_the_description() -> None:
    said = fields_of(tables=[a_table(name="datapackage")])["tables.0.name"]
    assert "taken by the description" in said
    assert parse_package(a_mapping(tables=[a_table(name="datapackages")])).tables
