import pytest

from newsletter.catalog.checks.dictionary import dictionary_findings
from newsletter.catalog.checks.findings import Weight
from newsletter.models.dataset import Table

FILE = ("species:string", "bill_mm:number", "year:integer")


def told(columns: dict[str, str], weight: Weight, file: tuple[str, ...] = FILE) -> list[str]:
    """Of a table whose columns are ``columns``: a description by ``name:type``."""

    def split(column: str) -> dict[str, str]:
        name, _, type_ = column.partition(":")
        return {"name": name, "type": type_}

    table = Table(
        name="birds",
        columns=[split(column) | {"description": words} for column, words in columns.items()],
        profile={"columns": [split(column) for column in file]},
    )
    found = dictionary_findings("penguins", table)
    return [f.sentence.removeprefix("birds: ") for f in found if f.weight is weight]


SAID = dict.fromkeys(FILE, "What was measured of it.")


def test_a_dictionary_that_fits_says_nothing() -> None:
    assert told(SAID, Weight.WRONG) == told(SAID, Weight.NOTE) == []


def test_a_column_that_is_not_described_is_missing() -> None:
    (sentence,) = told(SAID, Weight.WRONG, (*FILE, "island:string"))
    assert sentence == "the column island is in the file, and is not described."


def test_a_column_that_the_file_does_not_have_is_extra() -> None:
    (sentence,) = told(SAID | {"sex:string": "Of the bird."}, Weight.WRONG)
    assert sentence == "the column sex is described, and is not in the file."


@pytest.mark.parametrize("name", ["Bill mm:string", "bill_length_mm:number"])
def test_a_column_of_another_name_is_renamed(name: str) -> None:
    (sentence,) = told(SAID, Weight.WRONG, (FILE[0], name, FILE[2]))
    called = name.partition(":")[0]
    assert sentence == f"the column bill_mm seems to be called {called} in the file."


def test_another_column_in_its_place_is_not_a_new_name() -> None:
    assert len(told(SAID, Weight.WRONG, (FILE[0], "island:number", FILE[2]))) == 2


@pytest.mark.parametrize(
    "words", ["TODO", "to-do: ask Kim", "tbd.", "???", "...", "Description", "The column", "n/a",
              "Species", "xxx"],
)  # fmt: skip
def test_a_placeholder_is_no_description(words: str) -> None:
    (sentence,) = told(SAID | {FILE[0]: words}, Weight.NOTE)
    assert sentence.startswith("say what species means")


@pytest.mark.parametrize(
    "words",
    ["Test score", "Value of it", "Value of the house in thousands of dollars.", "m",
     "None of the birds was ringed twice in one season."],
)  # fmt: skip
def test_words_that_say_something_are_left_alone(words: str) -> None:
    assert told(SAID | {FILE[0]: words}, Weight.NOTE) == []


def test_what_nobody_described_is_counted() -> None:
    (sentence,) = told(SAID | {FILE[0]: "", FILE[2]: ""}, Weight.ASIDE)
    assert sentence == "2 of 3 columns have no description: species, year."
