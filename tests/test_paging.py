"""A page that there is not is the nearest that there is."""

import pytest
from sqlalchemy import select

from newsletter.db import Database
from newsletter.models.curator import Curator
from newsletter.paging import Page, cut, fetch
from tests.factories import LONG_AGO


@pytest.mark.parametrize(
    ("number", "rows", "before", "after"),
    [
        (1, [0, 1], None, 2),
        (2, [2, 3], 1, 3),
        (3, [4], 2, None),
        (0, [0, 1], None, 2),
        (-7, [0, 1], None, 2),
        (10**30, [4], 2, None),
    ],
)
def test_a_list_is_cut_into_pages(
    db: Database, number: int, rows: list[int], before: int | None, after: int | None
) -> None:
    with db.write() as session:
        for n in range(5):
            address = f"{n}@example.org"
            names = {"address": address, "address_key": address, "password_hash": ""}
            session.add(Curator(**names, created_at=LONG_AGO))
    with db.read() as session:
        addresses = select(Curator.address).order_by(Curator.address)
        fetched = fetch(session, addresses, number, 2)
    at_hand = cut(range(5), number, 2)
    assert list(at_hand.rows) == rows
    assert fetched.rows == [f"{n}@example.org" for n in rows]
    for page in (at_hand, fetched):
        assert (page.total, page.last, page.before, page.after) == (5, 3, before, after)


def test_an_empty_list_has_one_page() -> None:
    assert cut([], 4) == Page([], 0, 1, 1)


def test_a_page_of_keys_is_filled_with_what_they_stand_for() -> None:
    page = cut([1, 2, 3], 2, 2).filled(lambda keys: [f"<{key}>" for key in keys])
    assert page == Page(["<3>"], 3, 2, 2)
