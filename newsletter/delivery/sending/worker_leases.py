"""What a worker holds, and what others do: each method is one short transaction."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path

from newsletter.db import Database
from newsletter.delivery.queue import leases, ledger, worker_liveness
from newsletter.delivery.queue.claim_cursor import ClaimCursor
from newsletter.delivery.queue.ledger import ClaimedDelivery, Key
from newsletter.delivery.queue.statements import HAS_WORK
from newsletter.delivery.sending.claims import Claim, ClaimedNotice
from newsletter.models.delivery import Delivery, Notice

log = logging.getLogger(__name__)

ROWS: dict[str, leases.Row] = {"delivery": Delivery, "notice": Notice}


class WorkerLeases:
    """Those of one worker. Not for use by two threads at once."""

    def __init__(self, db: Database, home: Path, worker: str) -> None:
        self._db = db
        self._home = home
        self._worker = worker
        self._cursor = ClaimCursor()
        self._next_issue: int | None = None  # in which the next claim may just go on

    def standing(self, claims: Sequence[Claim]) -> tuple[set[Key], set[Key]]:
        """The keys of those that may end once they are begun: ours still, of a reader who has
        not left meanwhile; and of those that may be begun, too: the issue goes on."""
        deliveries = [claim for claim in claims if isinstance(claim, ClaimedDelivery)]
        notices = [claim for claim in claims if isinstance(claim, ClaimedNotice)]
        with self._db.read() as session:
            standing = ledger.standing(session, self._worker, deliveries)
            ids = [notice.id for notice in notices]
            ours = leases.held(session, Notice, self._worker, ids) if ids else set()
        owed = {notice.key for notice in notices if notice.id in ours}
        may_end = {claim.key for claim in deliveries if claim.id in standing.may_end}
        may_begin = {claim.key for claim in deliveries if claim.id in standing.may_begin}
        return may_end | owed, may_begin | owed

    def has_work(self, now: datetime) -> bool:
        """Whether there may be anything to send or to close: one statement."""
        with self._db.one_statement() as connection:
            return bool(connection.scalar(HAS_WORK, {"now": now}))

    def renew(self, keys: Sequence[Key], now: datetime) -> set[Key]:
        """Keep the leases of what waits or is in flight; returns what is ours still."""
        kept: set[Key] = set()
        with self._db.write() as session:
            for name, ids in by_name(keys):
                renewed = leases.renew(session, ROWS[name], self._worker, ids, now)
                kept |= {(name, number) for number in renewed}
        return kept

    def look_back(self, now: datetime) -> None:
        """Let the next claim begin with what came free behind the last one: the share of a
        worker that is silent for as long as its leases held."""
        with self._db.read() as session:
            if self._cursor.look_back(session.connection(), now):
                self._next_issue = None
                log.info("went back for what came free", extra={"event": "claims_went_back"})

    def release_crashed(self, *, all_leases: bool = False) -> int:
        """End the leases of workers of this home that were killed: of those whose file is
        left, or ``all_leases`` of all."""
        crashed = worker_liveness.crashed(self._home)
        if not (crashed or all_leases):
            return 0
        with self._db.read() as session:
            holders = leases.leaseholders(session)
        gone = worker_liveness.dead(self._home, holders - {self._worker})
        freed = 0
        if gone:
            with self._db.write() as session:
                freed = leases.reclaim(session, gone)
            log.warning("freed %d leases of killed workers", freed, extra={"event": "leases_freed"})
        worker_liveness.remove_lock_files(self._home, crashed)
        return freed

    def is_any_leased(self, now: datetime) -> bool:
        """Whether a worker holds something of an open issue or a notice. That may be this one,
        which has nothing in hand: the answer to a claim was lost, and its leases will end."""
        with self._db.read() as session:
            return leases.is_any_held(session, now)


def by_name(keys: Collection[Key]) -> list[tuple[str, list[int]]]:
    """The ids of each kind of which there are any."""
    ids = {name: [number for kind, number in keys if kind == name] for name in ROWS}
    return [(name, numbers) for name, numbers in ids.items() if numbers]
