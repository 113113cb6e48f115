"""How far a worker has come in each issue, so that it need not look at the same rows again.

Deliveries are claimed in one order: by the moment they are due, then by id. What
was claimed last is where the next claim begins; when nothing is due behind it, it
begins at the beginning, and finds what was given back or whose lease has run out.

Without this each claim on PostgreSQL walks over the index entries of every row that was
settled since the last vacuum; and no vacuum removes them while a backup is being read.

What came free behind the cursor while there was still something ahead - the share of a worker
that died - is looked for now and then, from the place up to which everything was settled at
the last look; so that no entry is walked over much more than once for it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Executable, bindparam, select, tuple_

from newsletter.db import UTCDateTime
from newsletter.models.delivery import OPEN_ROWS, Delivery


class Position(NamedTuple):
    """A row's place in the order of claims."""

    due_at: datetime
    id: int


BEGINNING = Position(datetime(1970, 1, 1, tzinfo=UTC), 0)
BEHIND_CURSOR = tuple_(Delivery.not_before, Delivery.id) > tuple_(
    bindparam("cursor_due_at", type_=UTCDateTime()), bindparam("cursor_id")
)
LOOKED_AT = 2000  # rows at a time: more than live workers hold together
OPEN_BEHIND_CURSOR = (
    select(Delivery.id, Delivery.not_before, Delivery.lease_until)
    .where(
        Delivery.issue_id == bindparam("issue"),
        OPEN_ROWS,
        BEHIND_CURSOR,
        tuple_(Delivery.not_before, Delivery.id)
        <= tuple_(bindparam("here_due_at", type_=UTCDateTime()), bindparam("here_id")),
    )
    .order_by(Delivery.not_before, Delivery.id)
    .limit(LOOKED_AT)
)


class ClaimCursor:
    """Of one worker; forgotten with it."""

    def __init__(self) -> None:
        self._last: dict[int, Position] = {}
        self._settled_to: dict[int, Position] = {}  # up to there nothing is open

    def position(self, issue_id: int) -> Position | None:
        """Behind which the next claim in an issue begins; None: at the beginning."""
        return self._last.get(issue_id)

    def move(self, issue_id: int, position: Position) -> None:
        """Let the next claim in an issue begin behind ``position``."""
        self._last[issue_id] = position

    def look_back(self, connection: Connection, now: datetime) -> int:
        """Return to what is free behind the cursor: it was given back, or its lease ran out.
        In how many issues there was any."""
        returned = 0
        for issue_id, here in list(self._last.items()):
            start = self._settled_to.get(issue_id, BEGINNING)
            rows = connection.execute(
                OPEN_BEHIND_CURSOR,
                {
                    "issue": issue_id,
                    "cursor_due_at": start.due_at,
                    "cursor_id": start.id,
                    "here_due_at": here.due_at,
                    "here_id": here.id,
                },
            ).all()
            self._settled_to[issue_id] = _before(rows[0]) if rows else here
            free = [row for row in rows if row.lease_until is None or row.lease_until < now]
            if free:
                self._last[issue_id] = _before(free[0])
                returned += 1
        return returned

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


def _before(row: Any) -> Position:
    """The position immediately before that of a row."""
    return Position(row.not_before, row.id - 1)
