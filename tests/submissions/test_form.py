"""What is wrong with an offer, one sentence a field, and what is kept of it."""

from dataclasses import replace
from typing import Any, cast

import pytest

from newsletter.errors import Invalid
from newsletter.models.submission import SubmissionKind
from newsletter.submissions.form import FILE_BYTES, Offer, OfferedFile, checked

GOOD = Offer(
    kind=SubmissionKind.CODE,
    title="Bills tell them apart",
    about="Two measurements are enough to tell the species apart.",
    name="Bo Berg",
    link="https://example.org/bo/bills",
    license="MIT",
    address="bo@example.org",
    dataset="penguins",
)


def wrong(offer: Offer) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        checked(offer)
    return refused.value.fields


def test_a_good_one_is_kept_as_it_was_typed() -> None:
    assert checked(GOOD) == GOOD


def test_each_thing_wrong_gets_its_own_sentence() -> None:
    assert set(wrong(Offer(SubmissionKind.CODE))) == {"title", "about", "link", "name"}


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("title", "", "Give it a title."),
        ("title", "  \t ", "Give it a title."),
        ("title", "Oh", "Write at least 5 characters."),
        ("title", "x" * 10_000, "Write at most 120 characters: it has 10,000."),
        ("about", "", "Say what it is, and why."),
        ("about", "Nice.", "Write at least 20 characters."),
        ("about", "y" * 10_000, "Write at most 5,000 characters: it has 10,000."),
        ("name", "", "Give the name to be thanked."),
        ("name", "n" * 10_000, "Write at most 120 characters: it has 10,000."),
        ("license", "my own", "my own is not an SPDX license id"),
        ("license", "M" * 10_000, "is not an SPDX license id"),
        ("address", "bo", "An email address must have an @-sign."),
        ("address", "a" * 10_000 + "@example.org", ""),
    ],
)
def test_a_text_that_will_not_do_is_said_so(field: str, text: str, sentence: str) -> None:
    said = wrong(replace(GOOD, **cast(Any, {field: text})))
    assert list(said) == [field]
    assert sentence in said[field]
    assert len(said[field]) < 300


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://example.org",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "//example.org/x",
        "example.org/x",
        "https:example.org",
        "https://",
        "https://localhost/x",
        "https://user:secret@example.org/",
        "https://example.org\\@evil.example/",
        "https://example.org/a b",
        "https://example.org/\x00",
        "https://example.org/\u202egnp.exe",
        "java\nscript:alert(1)",
        "https://[::1",
        "https://example.org:port/",
        "https://example.org/" + "x" * 10_000,
    ],
)
def test_a_link_that_is_no_web_address_is_refused(link: str) -> None:
    assert list(wrong(replace(GOOD, link=link))) == ["link"]


@pytest.mark.parametrize(
    "link",
    ["http://example.org", "https://gist.github.com/bo/1a#L1", "https://bücher.example/ä?q=1"],
)
def test_a_link_to_anywhere_on_the_web_is_kept(link: str) -> None:
    assert checked(replace(GOOD, link=link)).link == link


def test_a_link_or_a_file_is_enough() -> None:
    file = OfferedFile("bills.ipynb", 10, "key")
    assert checked(replace(GOOD, link="", file=file)).file == file
    assert wrong(replace(GOOD, link=""))["link"] == "Give a link, or choose a file."


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (SubmissionKind.CODE, "a.ipynb"),
        (SubmissionKind.CODE, "a.b.R"),
        (SubmissionKind.CODE, "A.PY"),
        (SubmissionKind.DATASET, "seals.csv"),
        (SubmissionKind.DATASET, "seals.csv.gz"),
        (SubmissionKind.DATASET, "Seals.XLSX"),
    ],
)
def test_a_file_of_the_kind_is_taken(kind: SubmissionKind, name: str) -> None:
    file = OfferedFile(name, FILE_BYTES)
    assert checked(replace(GOOD, kind=kind, file=file)).file == file


@pytest.mark.parametrize(
    "name", ["a.html", "a.svg", "a.exe", "ipynb", ".py", "a.py.exe", "", "a.csv"]
)
def test_a_file_of_another_kind_is_refused(name: str) -> None:
    sentence = wrong(replace(GOOD, file=OfferedFile(name, 10)))["file"]
    assert sentence == "Choose a file whose name ends in .ipynb, .md, .py, .sql or .R."


def test_an_empty_file_and_a_large_one_are_refused() -> None:
    said = [wrong(replace(GOOD, file=OfferedFile("a.py", size)))["file"] for size in (0, 6_200_000)]
    assert said[0] == "The file is empty: choose another."
    assert said[1].startswith("The file has 6.2 MB: choose one of at most 5 MB")


def test_a_file_needs_a_licence_and_a_link_does_not() -> None:
    bare = replace(GOOD, license="")
    assert checked(bare) == bare
    assert list(wrong(replace(bare, file=OfferedFile("a.py", 10)))) == ["license"]
    suggested = replace(bare, kind=SubmissionKind.DATASET, file=OfferedFile("a.csv", 10))
    assert checked(suggested).license == ""


def test_characters_that_nobody_types_are_dropped() -> None:
    typed = replace(GOOD, title="Bills\x00 \u202etell\r\n them", about="a\r\nb\x1b[31m" + "c" * 20)
    clean = checked(typed)
    assert clean.title == "Bills tell them"
    assert clean.about == "a\nb[31m" + "c" * 20


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/cron.d/x.py", "x.py"),
        ("C:\\Users\\bo\\x.py", "x.py"),
        ('"><script>.py', '"><script>.py'),
        ("a\r\nSet-Cookie: b.py", "a Set-Cookie: b.py"),
        ("n" * 500 + ".ipynb", "n" * 194 + ".ipynb"),
    ],
)
def test_of_a_files_name_its_last_part_is_kept(name: str, kept: str) -> None:
    file = checked(replace(GOOD, file=OfferedFile(name, 10))).file
    assert file is not None
    assert file.name == kept


def test_the_address_is_kept_in_its_canonical_form() -> None:
    assert checked(replace(GOOD, address=" Bo@EXAMPLE.org ")).address == "Bo@example.org"
