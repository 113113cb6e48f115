"""What a sender asks again and again reads the rows that it wants, not the whole table:
also on a list that was filled a moment ago, of which the planner knows nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, event, insert, select
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery import leases, ledger
from newsletter.delivery.balance import is_finished
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Cadence, Status, Subscriber
from tests.delivery.lists import NOW, sending

READERS, FEW = 30_000, 20
WHOLE = re.compile(
    r"Seq Scan on (delivery|subscriber)"
    r"|SCAN (delivery|subscriber|notice)(?! USING .*ix_\w+_(leased|open))"
    r"|ix_subscriber_status_cadence|uq_delivery_|sqlite_autoindex_delivery"
)


def _claimed(session: Session) -> list[ledger.Claimed]:
    return ledger.claim(session, "a", FEW, NOW)


QUESTIONS: dict[str, Callable[[Session, Issue], object]] = {
    "claim": lambda session, _: _claimed(session),
    "still wanted": lambda session, _: ledger.still_wanted(session, _claimed(session)),
    "renew": lambda session, _: leases.renew(session, Delivery, "a", range(1, FEW), NOW),
    "release": lambda session, _: leases.release(session, Delivery, "a", range(1, FEW)),
    "reclaim": lambda session, _: leases.reclaim(session, {"a"}),
    "leaseholders": lambda session, _: leases.leaseholders(session),
    "notices": lambda session, _: ledger.claim_notices(session, "a", FEW, NOW),
    "settle": lambda session, _: ledger.settle_sent(
        session.connection(), dict.fromkeys(range(1, FEW), "250 ok"), NOW
    ),
    "finished": is_finished,
}


def test_no_question_of_the_sender_reads_a_whole_table(db: Database) -> None:
    _fill(db)
    reads_all = {}
    for name, ask in QUESTIONS.items():
        with db.write() as session:
            issue = session.scalars(select(Issue)).one()
            with _plans(session.connection()) as plans:
                ask(session, issue)
        assert plans
        if lines := [line for line in plans if WHOLE.search(line)]:
            reads_all[name] = lines
    assert reads_all == {}


def _fill(db: Database) -> None:
    rows = [
        {
            "address": f"reader{number}@example.org",
            "address_key": f"reader{number}@example.org",
            "address_hash": f"{number:032x}",
            "status": Status.ACTIVE,
            "cadence": Cadence.MONDAY,
            "created_at": NOW,
            "confirmations": 1,
        }
        for number in range(READERS)
    ]
    with db.write() as session:
        session.execute(insert(Subscriber), rows)
        sending(session)


@contextmanager
def _plans(connection: Connection) -> Iterator[list[str]]:
    """The plan of each statement, line by line."""
    is_sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    lines: list[str] = []

    def look(_: object, cursor: object, statement: str, told: object, *__: object) -> None:
        if statement.startswith("EXPLAIN"):
            return
        plan = connection.exec_driver_sql(explain + statement, told)  # type: ignore[arg-type]
        lines.extend(str(row[-1]) for row in plan)

    event.listen(connection, "before_cursor_execute", look)
    try:
        yield lines
    finally:
        event.remove(connection, "before_cursor_execute", look)
