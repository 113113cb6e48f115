"""How far a worker has come in each issue, so that it need not look at the same rows again.

Deliveries are claimed in one order: by the moment they are due, then by id. What
was claimed last is where the next claim begins; when nothing is due behind it, it
begins at the beginning, and finds what was given back or whose lease has run out.

Without this each claim on PostgreSQL walks over the index entries of every row that was
settled since the last vacuum; and no vacuum removes them while a backup is being read.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, bindparam, tuple_

from newsletter.db import UTCDateTime
from newsletter.models.delivery import Delivery


class Position(NamedTuple):
    """A row's place in the order of claims."""

    due_at: datetime
    id: int


BEGINNING = Position(datetime(1970, 1, 1, tzinfo=UTC), 0)
BEHIND_CURSOR = tuple_(Delivery.not_before, Delivery.id) > tuple_(
    bindparam("cursor_due_at", type_=UTCDateTime()), bindparam("cursor_id")
)


class ClaimCursor:
    """Of one worker; forgotten with it."""

    def __init__(self) -> None:
        self._last: dict[int, Position] = {}

    def position(self, issue_id: int) -> Position | None:
        """Behind which the next claim in an issue begins; None: at the beginning."""
        return self._last.get(issue_id)

    def move(self, issue_id: int, position: Position) -> None:
        """Let the next claim in an issue begin behind ``position``."""
        self._last[issue_id] = position

    def due(
        self, connection: Connection, statement: Executable, issue_id: int, now: datetime, most: int
    ) -> Sequence[Any]:
        """The rows of an issue that ``statement``, with BEHIND_CURSOR among its conditions,
        selects behind the cursor, or from the beginning where there are none."""
        while True:
            behind = self._last.get(issue_id, BEGINNING)
            rows = connection.execute(
                statement,
                {
                    "issue": issue_id,
                    "now": now,
                    "most": most,
                    "cursor_due_at": behind.due_at,
                    "cursor_id": behind.id,
                },
            ).all()
            if rows:
                self._last[issue_id] = Position(rows[-1].not_before, rows[-1].id)
            if rows or self._last.pop(issue_id, None) is None:
                return rows
