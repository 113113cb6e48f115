"""A newsletter on a test stand: one database, one mail server, a new list for each run."""

import itertools
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing.context import ForkServerContext
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import select, text

from newsletter import clock
from newsletter.audience import subscriptions
from newsletter.backups import permission
from newsletter.db import Base
from newsletter.delivery.queue.balance import Balance, balance_of
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.issue import IssueState
from newsletter.models.subscriber import Subscriber
from newsletter.settings import Settings
from tests.crash.mail_server import MailServer
from tests.crash.worker import ONCE, Shift, Trap, Worker
from tests.functional.lists import add_readers, begin_issue
from tests.migrated import migrate

DAY = date(2026, 11, 30)
DEAD = 2  # readers of each list whom the mail server does not know
LEFT = 3  # readers of each list who leave after the issue froze


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of a list: counted at the mail server, and in the books."""

    readers: int
    received: int  # messages, whoever they were for
    lost: int  # readers who are owed one and got none
    doubled: int  # of these, more than one to a reader
    cut: int  # connections that ended without QUIT
    balance: Balance
    wrong: tuple[str, ...]  # each broken promise in a sentence


class Stand:
    """Lists are made and sent one after the other; nothing of one is there in the next."""

    def __init__(
        self,
        context: ForkServerContext,
        mail: MailServer,
        folder: Path,
        database_url: str,
        environ: dict[str, str],
    ) -> None:
        self.mail = mail
        self.connections = 8
        self._context = context
        self._folder = folder
        self._numbers = itertools.count(1)
        self._environ = environ | {
            "PATH": os.environ["PATH"],
            "NEWSLETTER_HOME": str(folder / "home"),
            "DATABASE_URL": database_url,
            "NEWSLETTER_MAIL_URL": mail.url,
        }
        self.installation = Installation.open(Settings.load(self._environ))
        migrate(self.installation.db)
        self._addresses: list[str] = []
        self._unreachable: set[str] = set()

    def new_list(self, readers: int, connections: int) -> None:
        """An issue that so many readers are owed, over so many connections."""
        self._clear()
        self.connections = connections
        self._environ["NEWSLETTER_CONNECTIONS"] = str(connections)
        now = clock.now()
        self._addresses = add_readers(self.installation, readers, now)
        begin_issue(self.installation, DAY, now)
        step = readers // (DEAD + LEFT)
        apart = self._addresses[step - 1 :: step][: DEAD + LEFT]
        with self.installation.db.write() as session:
            leaving = select(Subscriber).where(Subscriber.address.in_(apart[DEAD:]))
            for subscriber in session.scalars(leaving):
                subscriptions.leave(session, subscriber, now)
        self._unreachable = set(apart)
        number = next(self._numbers)
        self.mail.begin(self._folder / f"{number}.received", frozenset(apart[:DEAD]))

    def environ(self) -> dict[str, str]:
        """A copy of what its processes are started with."""
        return dict(self._environ)

    def worker(self, orders: Trap | Shift | None = None, **environ: str) -> Worker:
        log = self._folder / f"{next(self._numbers)}.log"
        return Worker(self._context, self._environ | environ, log, orders)

    @contextmanager
    def machine(
        self,
        *command: str,
        orders: Trap | Shift | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> Iterator[Worker]:
        """A process on a machine of its own, as far as a home tells one; by default a worker
        that ends once all is sent."""
        number = next(self._numbers)
        homes = {
            "NEWSLETTER_HOME": str(self._folder / f"machine-{number}"),
            "NEWSLETTER_STORAGE_URL": f"file://{self._folder}/home/storage",
        }
        log = self._folder / f"{number}.log"
        variables = self._environ | homes | {**environ}
        worker = Worker(self._context, variables, log, orders, command or ONCE)
        try:
            yield worker
        finally:
            worker.close()

    @contextmanager
    def working(self, orders: Trap | Shift | None = None, **environ: str) -> Iterator[Worker]:
        """A worker that is gone when the block ends."""
        worker = self.worker(orders, **environ)
        try:
            yield worker
        finally:
            worker.close()

    def tally(self, kills: int = 0) -> Tally:
        """Count, once everything has been sent. ``kills``: of workers, by SIGKILL."""
        messages = self.mail.messages()
        received = Counter(message.recipient for message in messages)
        cut = self.mail.cut()
        with self.installation.db.read() as session:
            issue = calendar.get(session, DAY)
            balance = balance_of(session, issue)
        owed = set(self._addresses) - self._unreachable
        lost = len(owed - set(received))
        doubled = len(messages) - len(received)
        seen = {(message.recipient, message.message_id, message.checksum) for message in messages}
        expected = Balance(len(self._addresses), sent=len(owed), failed=DEAD, excluded=LEFT)
        promises = {
            f"{lost} readers got nothing": lost == 0,
            "somebody got it who had left or is refused": set(received) <= owed,
            f"{doubled} doubled over {cut} cut connections": doubled <= cut,
            f"{cut} cut of {self.connections} x {kills}": cut <= self.connections * kills,
            "a double differs from the first": len(seen) == len(received),
            "two readers share a Message-ID": len({m.message_id for m in messages}) == len(seen),
            f"the balance is {balance}, not {expected}": balance == expected and balance.holds,
            f"the issue is {issue.state.value}": issue.state is IssueState.SENT,
            "the database is damaged": self._is_sound(),
        }
        wrong = tuple(sentence for sentence, kept in promises.items() if not kept)
        return Tally(len(self._addresses), len(messages), lost, doubled, cut, balance, wrong)

    def close(self) -> None:
        self.installation.db.close()

    def _clear(self) -> None:
        for file in (*self._folder.glob("*.received"), *self._folder.glob("*.log")):
            file.unlink()
        with self.installation.db.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(table.delete())
            permission.allow(session, clock.now())

    def _is_sound(self) -> bool:
        if not self.installation.db.is_sqlite:
            return True
        with self.installation.db.read() as session:
            return bool(session.scalar(text("PRAGMA integrity_check")) == "ok")


def processes() -> ForkServerContext:
    """Where processes come from that have loaded the program already."""
    context = multiprocessing.get_context("forkserver")
    loaded = ["worker", "mail_server", "task_worker"]
    context.set_forkserver_preload(["__main__", *(f"tests.crash.{name}" for name in loaded)])
    return context
