"""What a post says of itself is typed, and each thing wrong with it gets one sentence."""

from typing import Any

import pytest

from newsletter.errors import UnreadablePost
from newsletter.posts.front_matter import block, from_mapping, parse, slug_of, split, without
from tests.posts.written import front


def test_what_is_written_is_read() -> None:
    read = from_mapping(front(author_url="https://ada.example", credit="Bo", columns=["bill_mm"]))
    assert read.title == "Which penguin is which?"
    assert read.data == {"penguins": "ab" * 32}
    assert read.requires == ("pandas==2.3.3",)
    assert read.columns == ("bill_mm",)


def test_what_is_read_can_be_written_and_read_again() -> None:
    read = from_mapping(front(title="Is it “3: yes”?", credit="Zoë", slug="a-b"))
    yaml, rest = split(block(read) + "and the post")
    assert parse(yaml) == read
    assert rest == "and the post"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"title": None}, "title: is missing"),
        ({"title": "Why?"}, "title: at least 5 characters"),
        ({"title": "x" * 121}, "title: at most 120 characters"),
        ({"question": "one\ntwo"}, "question: must be one line"),
        ({"author_url": "javascript:alert(1)"}, "author_url: must be a web address"),
        ({"license": "MTI"}, "license: MTI is not an SPDX license id"),
        ({"language": "julia"}, "language: one of python, sql or r"),
        ({"version": "1.0"}, "version: must be like 1.0.0"),
        ({"data": {}}, "data: at least 1 entry"),
        ({"data": {"penguins": "abc"}}, "data.penguins: must be 64 digits"),
        ({"requires": ["pandas"]}, "'pandas' must name one version with =="),
        ({"requires": ["pandas>=2"]}, "must name one version with =="),
        ({"requires": ["pandas==2.*"]}, "must name one version with =="),
        ({"requires": ["pandas==2,==3"]}, "must name one version with =="),
        ({"requires": ["x @ https://evil.example/x.whl"]}, "must name one version with =="),
        ({"requires": ["--index-url=https://evil.example"]}, "is no requirement"),
        ({"language": "r", "requires": ["dplyr==1"]}, "is no name of an R package"),
        ({"language": "r", "requires": ["x'); system('id"]}, "is no name of an R package"),
        ({"slug": "Not A Slug"}, "slug: lower-case letters"),
        ({"tags": ["a"]}, "tags: is not a field that we know"),
    ],
)
def test_what_breaks_a_rule_is_said_in_one_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnreadablePost) as refused:
        from_mapping(front(**fields))
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.fields


def test_packages_of_r_are_named_without_versions() -> None:
    assert from_mapping(front(language="r", requires=["dplyr", "data.table"])).requires


@pytest.mark.parametrize(
    ("yaml", "sentence"),
    [
        ("- a list", "The front matter must be a mapping"),
        ("title: [", "The front matter line"),
        ("title: a\ntitle: b", "title is written twice"),
        ("a: &x [1]\nb: *x", "aliases (*name) are not read"),
        ("title: !!python/object:os.system {}", "The front matter"),
        ("x: " * 10 + "y", "The front matter line 1"),
        ("title: " + "x" * 70_000, "over 64 KB"),
    ],
)
def test_yaml_that_is_not_plain_is_refused(yaml: str, sentence: str) -> None:
    with pytest.raises(UnreadablePost) as refused:
        parse(yaml)
    assert sentence in str(refused.value)


def test_a_post_without_front_matter_is_told_how_to_begin() -> None:
    with pytest.raises(UnreadablePost, match="begin it with a line ---"):
        split("# A title\n\n---\nnot: this\n---\n")


def test_only_the_front_matter_at_the_top_is_taken_away() -> None:
    assert without("---\na: 1\n---\ntext\n---\nb: 2\n---\n") == "text\n---\nb: 2\n---\n"
    assert without("text\n---\nb: 2\n---\n") == "text\n---\nb: 2\n---\n"


@pytest.mark.parametrize(
    ("file", "slug"),
    [
        ("01-load-and-check.md", "penguins-load-and-check"),
        ("2_Which  one?.ipynb", "penguins-which-one"),
        ("posts/03-a.b.md", "penguins-a"),
        ("04-.md", "penguins"),
        (f"{'x' * 300}.md", f"penguins-{'x' * 91}"),
        ("05-Où sont-ils ?.md", "penguins-ou-sont-ils"),
        ("東京.ipynb", "penguins-dong-jing"),
    ],
)
def test_a_slug_is_made_of_the_dataset_and_the_file(file: str, slug: str) -> None:
    assert slug_of("penguins", file) == slug
