"""What a sender asks again and again reads the rows that it wants, not the whole table:
also on a list that was filled a moment ago, of which the planner knows nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, insert, select, text
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.queue import leases, ledger
from newsletter.delivery.queue.balance import is_finished
from newsletter.models.delivery import Delivery
from newsletter.models.issue import Issue
from newsletter.models.subscriber import Cadence, Status, Subscriber
from tests.delivery.lists import NOW, TODAY, sending
from tests.postgres import sqlalchemy_address

READERS, FEW = 30_000, 20
MADE_FOR_GOOD_AFTER = 12  # psycopg prepares after 5 times, PostgreSQL keeps a plan after 5 more
WHOLE = re.compile(
    r"Seq Scan on (delivery|subscriber)"
    r"|SCAN (delivery|subscriber|notice)(?! USING .*ix_\w+_(leased|open))"
    r"|ix_subscriber_status_cadence|uq_delivery_|sqlite_autoindex_delivery"
)


def _claimed(session: Session) -> list[ledger.ClaimedDelivery]:
    return ledger.claim(session, "a", FEW, NOW)


QUESTIONS: dict[str, Callable[[Session, Issue], object]] = {
    "claim": lambda session, _: _claimed(session),
    "standing": lambda session, _: ledger.standing(session, "a", _claimed(session)),
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


@pytest.mark.parametrize("number", [5_000, READERS])
def test_no_question_of_the_sender_reads_a_whole_table(db: Database, number: int) -> None:
    _fill(db, range(number))
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


def test_a_plan_from_when_the_list_was_small_reads_no_whole_table(
    migrated_postgres_url: str,
) -> None:
    url = sqlalchemy_address(migrated_postgres_url)
    db, sender = Database(url), Database(url, for_sender=True)
    _fill(db, range(20))
    for _ in range(MADE_FOR_GOOD_AFTER):
        _read_by_scans(sender)
    _fill(db, range(20, READERS))
    assert _read_by_scans(sender) == 0
    for database in (db, sender):
        database.close()


def _read_by_scans(sender: Database) -> int:
    """How many rows of the large tables the sender's questions read other than by an index."""
    read = text(
        "SELECT sum(seq_tup_read) FROM pg_stat_xact_user_tables "
        "WHERE relname IN ('delivery', 'subscriber')"
    )
    with sender.write() as session:
        issue = session.scalars(select(Issue).order_by(Issue.id.desc())).first()
        assert issue is not None
        for ask in QUESTIONS.values():
            ask(session, issue)
        return int(session.scalars(read).one())


def _fill(db: Database, numbers: range = range(READERS)) -> None:
    """So many more readers, and an issue for all."""
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
        for number in numbers
    ]
    with db.write() as session:
        session.execute(insert(Subscriber), rows)
        sending(session, TODAY + timedelta(weeks=numbers.start))


@contextmanager
def _plans(connection: Connection) -> Iterator[list[str]]:
    """The plan of each statement, line by line."""
    is_sqlite = connection.dialect.name == "sqlite"
    explain = "EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN "
    lines: list[str] = []

    def look(_: object, cursor: object, statement: str, values: object, *__: object) -> None:
        if statement.startswith("EXPLAIN"):
            return
        plan = connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]
        lines.extend(str(row[-1]) for row in plan)

    event.listen(connection, "before_cursor_execute", look)
    try:
        yield lines
    finally:
        event.remove(connection, "before_cursor_execute", look)
