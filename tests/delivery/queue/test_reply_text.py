"""A reply is kept as text that any database takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from newsletter.db import Database
from newsletter.delivery.queue.reply_text import LONGEST, storable
from newsletter.models.delivery import Delivery
from tests.delivery.lists import readers, sending


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ("250 2.0.0 ok", "250 2.0.0 ok"),
        ("250 größer – 好的 👍", "250 größer – 好的 👍"),
        ("two\nlines\tand\u00a0a tab", "two\nlines\tand\u00a0a tab"),
        ("a NUL \0", "a NUL \ufffd"),
        ("half a pair \ud83d, the other \udc4d", "half a pair \ufffd, the other \ufffd"),
        ("\x1b[2J clears a screen, \x07 rings", "\ufffd[2J clears a screen, \ufffd rings"),
        ("\r \x7f \x9b", "\ufffd \ufffd \ufffd"),
        ("x" * 10_000, "x" * LONGEST),
        ("\0" * 10_000, "\ufffd" * LONGEST),
        ("", ""),
    ],
)
def test_what_is_no_text_is_replaced(reply: str, kept: str) -> None:
    assert storable(reply) == kept


@given(st.text(st.characters(exclude_categories=()), max_size=600))
def test_it_can_be_encoded_is_bounded_and_stays_as_it_is(reply: str) -> None:
    kept = storable(reply)
    assert len(kept.encode()) <= 4 * LONGEST
    assert "\0" not in kept
    assert storable(kept) == kept


def test_any_database_takes_every_character_that_is_left(db: Database) -> None:
    """In the Basic Multilingual Plane, and some beyond."""
    everything = "".join(map(chr, [*range(0x10000), 0x1F600, 0x10FFFF]))
    pieces = [storable(everything[n : n + LONGEST]) for n in range(0, len(everything), LONGEST)]
    with db.write() as session:
        readers(session, 1)
        sending(session)
        for piece in pieces:
            session.execute(update(Delivery).values(reply=piece))
            assert session.scalars(select(Delivery.reply)).one() == piece
