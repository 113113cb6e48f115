"""Long lists, shown a page at a time.

A page that there is not is the nearest that there is: the first for whatever is no number or
less than one, the last beyond the end. So no address of a list is an error.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

T = TypeVar("T")
U = TypeVar("U")

SIZE = 50  # rows of a page


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of a list, and where they stand in it."""

    rows: Sequence[T]
    total: int  # rows of the whole list
    number: int  # of this page, from 1
    last: int  # the number of the last page, at least 1

    @property
    def before(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        return self.number + 1 if self.number < self.last else None

    def filled(self, load: Callable[[Sequence[T]], Sequence[U]]) -> "Page[U]":
        """The same page with what ``load`` makes of its rows: of keys, what they stand for."""
        return Page(load(self.rows), self.total, self.number, self.last)


def cut(rows: Sequence[T], number: int, size: int = SIZE) -> Page[T]:
    """A page of a list that is at hand."""
    number, last = _place(len(rows), number, size)
    return Page(rows[(number - 1) * size : number * size], len(rows), number, last)


def fetch(session: Session, rows: Select[T], number: int, size: int = SIZE) -> Page[T]:
    """A page of what ``rows`` selects, whose order has to be a total one."""
    everything = rows.order_by(None).subquery()
    total = session.scalar(select(func.count()).select_from(everything)) or 0
    number, last = _place(total, number, size)
    part: Any = rows.limit(size).offset((number - 1) * size)
    return Page(list(session.scalars(part).unique()), total, number, last)


def _place(total: int, number: int, size: int) -> tuple[int, int]:
    """The page that is shown for ``number``, and the last one."""
    last = max(1, -(-total // size))
    return min(max(number, 1), last), last
