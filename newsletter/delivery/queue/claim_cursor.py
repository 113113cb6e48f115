"""How far a worker has come in each issue, so that it need not look at the same rows again.

Deliveries are claimed in one order: by the moment they are due, then by id. What
was claimed last is where the next claim begins; when nothing is due behind it, it
begins at the beginning, and finds what was given back or whose lease has run out.

Without this each claim on PostgreSQL walks over the index entries of every row that was
settled since the last vacuum; and no vacuum removes them while a backup is being read.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, tuple_

from newsletter.db import UTCDateTime
from newsletter.models.delivery import Delivery

Place = tuple[datetime, int]  # when a row is due, and its id
BEGINNING: Place = (datetime(1970, 1, 1, tzinfo=UTC), 0)
BEHIND = tuple_(Delivery.not_before, Delivery.id) > tuple_(
    bindparam("place", type_=UTCDateTime()), bindparam("place_id")
)


class Places:
    """Of one worker; forgotten with it."""

    def __init__(self) -> None:
        self._last: dict[int, Place] = {}

    def last(self, issue_id: int) -> Place | None:
        """Where the next claim in an issue begins; None: at the beginning."""
        return self._last.get(issue_id)

    def move(self, issue_id: int, place: Place) -> None:
        """Let the next claim in an issue begin behind ``place``."""
        self._last[issue_id] = place

    def due(
        self, connection: Connection, question: Executable, issue_id: int, told: Mapping[str, Any]
    ) -> Sequence[Any]:
        """The rows that ``question``, with BEHIND among its conditions, finds in an issue."""
        while True:
            at, key = self._last.get(issue_id, BEGINNING)
            place = {"issue": issue_id, "place": at, "place_id": key}
            rows = connection.execute(question, {**told, **place}).all()
            if rows:
                self._last[issue_id] = (rows[-1].not_before, rows[-1].id)
            if rows or self._last.pop(issue_id, None) is None:
                return rows
