"""What an address asks of a table."""

from datetime import date, datetime

import pytest

from newsletter.errors import Invalid
from newsletter.tables.querying.table_query import Filter, Question, asked, typed

COLUMNS = [
    ("species", "string"),
    ("bill__mm", "number"),
    ("_sort", "integer"),
    ("seen", "datetime"),
    ("ringed", "boolean"),
]


def test_an_empty_address_asks_for_everything() -> None:
    assert asked([("_search", " "), ("species__exact", ""), ("utm_source", "x")], COLUMNS) == (
        Question()
    )


def test_a_question_reads_back_from_its_own_address() -> None:
    question = Question(
        search="two words",
        filters=(
            Filter("species", "exact", "Adelie"),
            Filter("species", "exact", "Gentoo"),
            Filter("bill__mm", "gte", "-1.5"),
            Filter("_sort", "isblank"),
        ),
        sort="_sort",
        descending=True,
    )
    assert asked(question.pairs(), COLUMNS) == question


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("colour__exact", "x", "no column “colour”"),
        ("_sort", "colour", "no column “colour”"),
        ("species__like", "x", "no filter “like”"),
        ("species__gte", "x", "cannot be filtered by “gte”"),
        ("ringed__contains", "x", "cannot be filtered by “contains”"),
        ("bill__mm__gte", "many", "“many” is not a number"),
        ("bill__mm__gte", "nan", "“nan” is not a number"),
        ("bill__mm__gte", "1e999999999", "is not a number"),
        ("seen__lte", "yesterday", "is not a date or a time"),
        ("ringed__exact", "perhaps", "is not true or false"),
        ("_search", "x" * 201, "at most 200"),
        ("_search", "a b c d e f g", "at most 6 words"),
        ("_search", "a\0b", "ordinary characters"),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(key: str, value: str, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        asked([(key, value)], COLUMNS)
    assert said in str(refused.value)
    assert str(refused.value).count(".") <= 1 + value.count(".")


def test_a_value_is_read_as_its_column_holds_it() -> None:
    assert typed("\N{MINUS SIGN}12", "number") == -12
    assert typed("1.50", "integer") == 1.5
    assert typed("9007199254740993", "integer") == 9007199254740993
    assert typed("2026-11-23", "datetime") == date(2026, 11, 23)
    assert typed("2026-11-23T09:00", "datetime") == datetime(2026, 11, 23, 9)  # noqa: DTZ001
    assert typed("True", "boolean") is True


def test_very_many_filters_are_refused() -> None:
    with pytest.raises(Invalid, match="40 filters"):
        asked([("species__exact", str(n)) for n in range(41)], COLUMNS)
