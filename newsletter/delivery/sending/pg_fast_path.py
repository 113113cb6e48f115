"""What a sender does with each message, in one statement each: on PostgreSQL alone.

Claiming the next rows of an issue, and settling what was sent, cost the sender less than
the threads of the bookkeeper would. Whatever is out of the ordinary is left to those, and to
the ledger: notices, readers who have left, other outcomes, and the end of an issue.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from newsletter.db import Database
from newsletter.delivery.queue.claim_cursor import Place
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import SENT_ON_POSTGRES, Claimed
from newsletter.delivery.sending.pg_direct import Direct
from newsletter.models.delivery import DeliveryState

SETTLE = (
    SENT_ON_POSTGRES.replace(":now", "CAST($1 AS timestamptz)")
    .replace(":ids", "$2")
    .replace(":replies", "$3")
)
# What ledger.claim does for one issue, but for those who are to be excluded: it passes over them.
# Who they are is asked before: a planner without statistics would rather read all who are active,
# again for each row, than look up these few.
CLAIM = """
    WITH sending AS MATERIALIZED (
        SELECT frozen_at FROM issue WHERE id = CAST($1 AS bigint) AND state = 'sending'
    ), due AS MATERIALIZED (
        SELECT id, issue_id, subscriber_id, attempts, state, not_before, wave_at, variant
        FROM delivery
        WHERE issue_id = CAST($1 AS bigint) AND state IN ('pending', 'unknown')
          AND not_before <= CAST($2 AS timestamptz)
          AND (not_before, id) > (CAST($3 AS timestamptz), CAST($4 AS bigint))
          AND (lease_until IS NULL OR lease_until < CAST($2 AS timestamptz))
        ORDER BY not_before, id
        LIMIT CAST($5 AS bigint)
        FOR UPDATE SKIP LOCKED
    ), known AS MATERIALIZED (
        SELECT due.*, address, name, status, suppression.id AS barred
        FROM due
        JOIN subscriber ON subscriber.id = due.subscriber_id
        LEFT JOIN suppression ON suppression.address_hash = subscriber.address_hash
    ), claimed AS (
        UPDATE delivery
        SET lease_until = CAST($6 AS timestamptz), worker = $7
        FROM sending
        CROSS JOIN known
        WHERE delivery.id = known.id AND known.status = 'active' AND known.barred IS NULL
        RETURNING known.*, coalesce(known.wave_at, sending.frozen_at) AS since
    )
    SELECT id, issue_id, subscriber_id, address, name, attempts, since, state,
        not_before > since, variant, not_before
    FROM claimed
    ORDER BY not_before, id
"""


class Shortcuts:
    """Each over a connection of its own, for one task at a time."""

    def __init__(self, db: Database, worker: str) -> None:
        self._worker = worker.encode()
        self._settling = Direct(db, SETTLE)
        self._claiming = Direct(db, CLAIM)

    async def settle_sent(self, replies: Mapping[int, str], now: datetime) -> bool:
        """Record that these deliveries were sent: what ledger.settle_sent does.

        False if it cannot be known whether it was recorded: do it again another way.
        """
        ids = ",".join(map(str, replies))
        told = ",".join(map(_quoted, replies.values()))
        parameters = [_of(now), f"{{{ids}}}".encode(), f"{{{told}}}".encode()]
        return await self._settling.execute(parameters) is not None

    async def claim(
        self, issue_id: int, behind: Place, limit: int, now: datetime
    ) -> tuple[list[Claimed], Place] | None:
        """Lease up to ``limit`` deliveries of an issue that are due behind a place; with the
        place of the last. None if it cannot be known whether anything was leased."""
        at, key = behind
        numbers = (str(issue_id), str(key), str(limit))
        issue, after, most = (number.encode() for number in numbers)
        parameters = [issue, _of(now), _of(at), after, most, _of(now + LEASE), self._worker]
        result = await self._claiming.execute(parameters)
        if result is None:
            return None
        claimed = [_claimed(result.get_value, row) for row in range(result.ntuples)]
        if not claimed:
            return [], behind
        return claimed, (_moment(result.get_value(len(claimed) - 1, 10)), claimed[-1].id)

    def close(self) -> None:
        self._settling.close()
        self._claiming.close()


def _claimed(value: Any, row: int) -> Claimed:
    """A row of CLAIM; ``value`` gives what stands in a row and a column."""
    name = value(row, 4)
    return Claimed(
        id=int(value(row, 0)),
        issue_id=int(value(row, 1)),
        subscriber_id=int(value(row, 2)),
        address=value(row, 3).decode(),
        name=name if name is None else name.decode(),
        attempts=int(value(row, 5)),
        since=_moment(value(row, 6)),
        state=_STATES[value(row, 7)],
        is_retry=value(row, 8) == b"t",
        variant=int(value(row, 9)),
    )


_STATES = {state.value.encode(): state for state in DeliveryState}


@lru_cache(maxsize=64)  # they are few: when an issue froze, and its waves
def _moment(text: bytes) -> datetime:
    return datetime.fromisoformat(text.decode())


def _of(moment: datetime) -> bytes:
    return moment.isoformat().encode()


def _quoted(text: str) -> str:
    """An element of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
