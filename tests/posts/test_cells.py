"""Cells and the JSON that keeps them."""

import json

from newsletter.posts.cells import Code, Note, Prose, Table, Text, as_json, from_json

CELLS = (
    Prose("Who is heavier?"),
    Code(
        "python",
        "print(1)",
        True,
        (Text("1\n"), Table(("a", "b"), (("1", "2"), ("3", "4")), "2 rows"), Note("Cut.")),
    ),
)


def test_what_is_kept_is_read_back() -> None:
    assert from_json(json.loads(json.dumps(as_json(CELLS)))) == CELLS


def test_what_is_kept_equals_what_the_database_gives_back() -> None:
    assert as_json(CELLS) == json.loads(json.dumps(as_json(CELLS)))
