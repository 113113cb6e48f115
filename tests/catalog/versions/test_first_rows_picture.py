"""What the picture of a dataset without a chart shows, and where it is kept."""

from typing import Any

import pytest

from newsletter.catalog.versions import first_rows_picture
from newsletter.catalog.versions.first_rows_picture import HEIGHT, LONGEST, WIDTH
from newsletter.models.dataset import Table, Version

TITLE = "Which words people use when they say what they had for lunch on a rainy Monday"


def version(title: str, columns: dict[str, str], row: list[Any]) -> Version:
    table = Table(
        rows=1,
        columns=[{"name": name, "type": kind} for name, kind in columns.items()],
        preview=[row] * 20,
        files={"parquet": {"key": f"{0:064}.parquet"}},
    )
    return Version(title=title, tables=[table])


def shown(of: Version) -> list[tuple[str, str]]:
    return [(text["layer"], text["text"]) for text in first_rows_picture._texts(of)]


def test_it_shows_the_title_and_the_first_rows_that_have_room() -> None:
    wide = version(TITLE, {f"c{n}": "string" for n in range(1000)}, ["x\ny", None, *"z" * 998])
    texts = shown(wide)
    assert texts[:5] == [
        ("title left", "Which words people use when"),
        ("title left", "they say what they had for"),
        ("title left", "lunch on a rainy Monday"),
        ("size left", "1 row × 1,000 columns"),
        ("head left", "c0"),
    ]
    assert texts[9:14] == [("cell left", "x y"), ("cell left", ""), *[("cell left", "z")] * 3]
    for text in first_rows_picture._texts(wide):
        assert 0 < text["x"] < text["x"] + text["room"] < WIDTH
        assert 0 < text["y"] < HEIGHT - 20


def test_numbers_and_what_is_written_from_the_right_stand_right() -> None:
    texts = shown(version("שלום", {"עיר": "string", "n": "integer"}, ["a" * 999, 5]))
    assert texts[:6] == [
        ("title right", "שלום"),
        ("size right", "1 row × 2 columns"),
        ("head right", "עיר"),
        ("head right", "n"),
        ("cell right", "a" * LONGEST),
        ("cell right", "5"),
    ]


@pytest.mark.parametrize("change", ["title", "column"])
def test_what_it_shows_is_where_it_is_kept(change: str) -> None:
    before, after = (version("Lunch", {"word": "string"}, ["soup"]) for _ in range(2))
    assert first_rows_picture.place(before) == first_rows_picture.place(after)
    if change == "title":
        after.title = "Dinner"
    else:
        after.tables[0].columns = [{"name": "dish", "type": "string"}]
    assert first_rows_picture.place(before) != first_rows_picture.place(after)
