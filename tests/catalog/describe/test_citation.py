from dataclasses import replace

import pytest
from bibtexparser.entrypoint import parse_string

from newsletter.catalog.describe.citation import (
    CitationFacts,
    bibtex,
    csl_json,
    in_words,
    key,
    plain,
)

FACTS = CitationFacts(
    title="Penguins of the Palmer Archipelago",
    creators=("Kristen Gorman", "Palmer Station LTER"),
    year=2026,
    version="1.0.0",
    publisher="Dataset Daily",
    url="https://news.example.org/datasets/penguins/v/1.0.0/",
    license="CC0-1.0",
)
HOSTILE = replace(
    FACTS,
    title="50 % of $x_1 & more} # {oh\\dear~^ \n Ærø",
    creators=("A } and {B",),
    url="https://example.org/a}b{c\\d?x=1&y=2#z",
)


def test_plain_text_names_everyone_and_everything() -> None:
    assert plain(FACTS) == (
        "Kristen Gorman & Palmer Station LTER (2026). Penguins of the Palmer Archipelago "
        "(version 1.0.0) [Data set]. Dataset Daily. "
        "https://news.example.org/datasets/penguins/v/1.0.0/ (CC0-1.0)"
    )


def test_where_no_creator_is_known_none_is_invented() -> None:
    unknown = replace(FACTS, creators=())
    assert plain(unknown).startswith(
        "Penguins of the Palmer Archipelago (version 1.0.0) [Data set] (2026). Dataset Daily. "
    )
    assert "author" not in bibtex(unknown)
    assert "author" not in csl_json(unknown)[0]


def test_three_creators_are_joined_as_one_says_them() -> None:
    assert plain(replace(FACTS, creators=("A", "B", "C"))).startswith("A, B & C (2026)")


@pytest.mark.parametrize("facts", [FACTS, HOSTILE], ids=["plain", "hostile"])
def test_another_program_reads_the_bibtex(facts: CitationFacts) -> None:
    library = parse_string(bibtex(facts))
    assert library.failed_blocks == []
    (entry,) = library.entries
    fields = {field.key: field.value for field in entry.fields}
    assert entry.entry_type == "misc"
    assert entry.key == key(facts)
    assert fields["year"] == "2026"
    assert fields["version"] == "1.0.0"
    assert fields["author"].count(" and ") == len(facts.creators) - 1 + (
        "and {" in facts.creators[0]
    )
    assert len(fields) == 8


def test_bibtex_escapes_what_tex_would_read() -> None:
    written = bibtex(HOSTILE)
    assert r"50 \% of \$x\_1 \& more\} \# \{oh\textbackslash{}dear" in written
    assert "https://example.org/a%7Db%7Bc%5Cd?x=1&y=2#z" in written


def test_csl_json_has_what_its_schema_requires() -> None:
    (item,) = csl_json(FACTS)
    assert {"id", "type"} <= set(item)
    assert item["type"] == "dataset"
    assert item["issued"] == {"date-parts": [[2026]]}
    assert item["author"] == [{"literal": "Kristen Gorman"}, {"literal": "Palmer Station LTER"}]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Penguins of the Palmer Archipelago", "penguins-of-the-palmer-2026"),
        ("Été à Ærø", "ete-a-r-2026"),
        ("日本", "2026"),
    ],
)
def test_a_key_is_plain_ascii(title: str, name: str) -> None:
    assert key(replace(FACTS, title=title)) == name


@pytest.mark.parametrize(
    ("temporal", "words"),
    [
        ("2007/2009", "2007 to 2009"),
        ("1958-03/2001-12", "1958-03 to 2001-12"),
        ("1958/..", "since 1958"),
        ("2013", "2013"),
        ("", ""),
    ],
)
def test_a_span_is_said_as_people_say_it(temporal: str, words: str) -> None:
    assert in_words(temporal) == words
