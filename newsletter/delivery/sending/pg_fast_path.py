"""What a sender does with each message, in one statement each: on PostgreSQL alone.

Claiming the next rows of an issue and settling what was sent go to the server from the
sender's own loop, by libpq's asynchronous interface: handing a statement to a thread and
back costs more than the statement (docs/performance.md has the figures). Whatever is out
of the ordinary is left to the WorkerStore: notices, readers who have left, other outcomes,
and the end of an issue.
"""

import asyncio
import os
import select
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from newsletter.db import Database
from newsletter.delivery.queue.claim_cursor import Position
from newsletter.delivery.queue.leases import LEASE
from newsletter.delivery.queue.ledger import ClaimedDelivery
from newsletter.delivery.queue.statements import SENT_ON_POSTGRES
from newsletter.models.delivery import DeliveryState

PREPARED = b"fast_path"
SILENT_SECONDS = 2.0  # without an answer: another way is tried, which waits as it should
DONE = {1, 2}  # PGRES_COMMAND_OK, PGRES_TUPLES_OK
STATES = {state.value.encode(): state for state in DeliveryState}


@lru_cache(maxsize=64)  # they are few: when an issue froze, and its waves
def _moment(value: bytes) -> datetime:
    return datetime.fromisoformat(value.decode())


def _text_or_none(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


# The columns of CLAIM's rows, and how each is read from PostgreSQL's text format.
COLUMNS: dict[str, Callable[[Any], Any]] = {
    "id": int,
    "issue_id": int,
    "subscriber_id": int,
    "address": bytes.decode,
    "name": _text_or_none,
    "attempts": int,
    "since": _moment,
    "state": STATES.__getitem__,
    "is_retry": b"t".__eq__,
    "variant": int,
    "not_before": _moment,
}
SETTLE = (
    SENT_ON_POSTGRES.replace(":now", "CAST($1 AS timestamptz)")
    .replace(":ids", "$2")
    .replace(":replies", "$3")
)
# What ledger.claim does for one issue, but for those who are to be excluded: it passes over them.
# Who they are is asked before: a planner without statistics would rather read all who are active,
# again for each row, than look up these few.
CLAIM = f"""
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
        SELECT due.*, address, name, status, suppression.id AS suppression_id
        FROM due
        JOIN subscriber ON subscriber.id = due.subscriber_id
        LEFT JOIN suppression ON suppression.address_hash = subscriber.address_hash
    ), claimed AS (
        UPDATE delivery
        SET lease_until = CAST($6 AS timestamptz), worker = $7
        FROM sending
        CROSS JOIN known
        WHERE delivery.id = known.id AND known.status = 'active'
          AND known.suppression_id IS NULL
        RETURNING known.*, coalesce(known.wave_at, sending.frozen_at) AS since,
            known.not_before > coalesce(known.wave_at, sending.frozen_at) AS is_retry
    )
    SELECT {", ".join(COLUMNS)}
    FROM claimed
    ORDER BY not_before, id
"""  # noqa: S608 - of names that stand above


class FastPath:
    """Each statement over a connection of its own, for one task at a time."""

    def __init__(self, db: Database, worker: str) -> None:
        self._worker = worker.encode()
        self._settling = PreparedStatement(db, SETTLE)
        self._claiming = PreparedStatement(db, CLAIM)

    async def settle_sent(self, replies: Mapping[int, str], now: datetime) -> bool:
        """Record that these deliveries were sent: what ledger.settle_sent does.

        False if it cannot be known whether it was recorded: do it again another way.
        """
        ids = ",".join(map(str, replies))
        elements = ",".join(map(_quoted, replies.values()))
        parameters = [_text(now), f"{{{ids}}}".encode(), f"{{{elements}}}".encode()]
        return await self._settling.execute(parameters) is not None

    async def claim(
        self, issue_id: int, behind: Position, limit: int, now: datetime
    ) -> tuple[list[ClaimedDelivery], Position] | None:
        """Lease up to ``limit`` deliveries of an issue that are due behind a position; with
        that of the last. None if it cannot be known whether anything was leased."""
        issue, last, most = (str(n).encode() for n in (issue_id, behind.id, limit))
        moments = (_text(now), _text(behind.due_at), _text(now + LEASE))
        parameters = [issue, moments[0], moments[1], last, most, moments[2], self._worker]
        result = await self._claiming.execute(parameters)
        if result is None:
            return None
        columns = _columns(result)
        claimed = list(map(ClaimedDelivery, *(columns[name] for name in ClaimedDelivery._fields)))
        if claimed:
            behind = Position(columns["not_before"][-1], claimed[-1].id)
        return claimed, behind

    def close(self) -> None:
        self._settling.close()
        self._claiming.close()


class PreparedStatement:
    """One statement, prepared once, and a connection of its own for it, opened at its first
    use. Each execution is a transaction. For one task at a time.

    It goes to the server from the loop, which goes on until the answer can be read
    (https://www.postgresql.org/docs/current/libpq-async.html).
    """

    def __init__(self, db: Database, statement: str) -> None:
        """``statement``: with parameters as PostgreSQL itself writes them, $1 and so on."""
        self.statement = statement
        self._db = db
        self._connection: Any = None  # psycopg's
        # A descriptor of its socket that is ours: libpq closes its own when the connection is
        # lost, and what the loop watches must not be closed, or be another's, behind its back.
        self._socket = -1
        self._readable = select.poll()
        self._answered = asyncio.Event()
        self._error: Exception | None = None

    async def execute(self, parameters: Sequence[bytes]) -> Any:
        """psycopg's PGresult; both it and ``parameters`` are in PostgreSQL's text format.

        None if it cannot be known whether it was done: do it again another way.
        """
        try:
            if self._connection is None:
                await self._open()
            result = await self._execute(parameters)
        except (self._db.driver_error, OSError):
            result = None
        if result is None:
            self.close()
        return result

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._readable.unregister(self._socket)
            os.close(self._socket)
            connection.close()

    async def _open(self) -> None:
        loop = asyncio.get_running_loop()
        connection = await loop.run_in_executor(None, self._db.postgres.direct)
        connection.autocommit = True
        connection.pgconn.prepare(PREPARED, self.statement.encode())
        connection.pgconn.nonblocking = 1
        self._connection, self._socket = connection, os.dup(connection.pgconn.socket)
        self._readable.register(self._socket, select.POLLIN)
        loop.add_reader(self._socket, self._read)

    async def _execute(self, parameters: Sequence[bytes]) -> Any:
        server = self._connection.pgconn
        self._answered.clear()
        self._error = None
        server.send_query_prepared(PREPARED, parameters)
        while server.flush():  # nonzero: the socket takes no more at the moment
            await asyncio.sleep(0)
        silence = asyncio.get_running_loop().call_later(SILENT_SECONDS, self._give_up)
        try:
            await self._answered.wait()
        finally:
            silence.cancel()
        if self._error is not None:
            raise self._error
        results = []
        while (result := server.get_result()) is not None:
            results.append(result)
        return results[0] if len(results) == 1 and results[0].status in DONE else None

    def _give_up(self) -> None:
        self._error = TimeoutError()  # an OSError
        self._answered.set()

    def _read(self) -> None:
        """Read all there is, to the end of the connection if it has one: of a socket in error
        libuv tells once, and the server's last words may stand before the error."""
        server = self._connection.pgconn
        try:
            while self._readable.poll(0):
                server.consume_input()
            if server.is_busy():
                return
        except self._db.driver_error as error:
            self._error = error
            asyncio.get_running_loop().remove_reader(self._socket)
        self._answered.set()


def _columns(result: Any) -> dict[str, list[Any]]:
    """What CLAIM returned, column by column: that takes half as long as row by row."""
    value, rows = result.get_value, range(result.ntuples)
    return {
        name: [read(value(row, number)) for row in rows]
        for number, (name, read) in enumerate(COLUMNS.items())
    }


def _text(moment: datetime) -> bytes:
    return moment.isoformat().encode()


def _quoted(text: str) -> str:
    """An element of an array."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
