"""kill -9 of the sender: nobody is lost, and at most one is doubled a connection."""

import os
import signal
import subprocess
from collections import Counter
from datetime import date

from newsletter import clock
from newsletter.delivery.queue.balance import balance_of
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.issue import IssueState
from newsletter.settings import Settings
from tests.functional.conftest import MailServer
from tests.functional.lists import NEWSLETTER, REPOSITORY, add_readers, begin_issue
from tests.migrated import migrate

READERS = 2000
CONNECTIONS = 8
KILLS = 2
DAY = date(2026, 11, 30)


def test_nobody_is_lost_and_at_most_one_is_doubled_a_connection(
    database_url: str, environ: dict[str, str], mail_server: MailServer
) -> None:
    environ |= {
        "DATABASE_URL": database_url,
        "NEWSLETTER_MAIL_URL": mail_server.url,
        "NEWSLETTER_CONNECTIONS": str(CONNECTIONS),
    }
    installation = Installation.open(Settings.load(environ))
    migrate(installation.db)
    addresses = add_readers(installation, READERS, clock.now())
    begin_issue(installation, DAY, clock.now())

    for kill in range(KILLS):
        worker = _worker(environ)
        mail_server.wait_for((kill + 1) * READERS // (KILLS + 1))
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
    assert 0 < len(mail_server.raw()) < READERS
    assert _worker(environ).wait() == 0

    messages = mail_server.headers()
    received = Counter(str(message["X-To"]) for message in messages)
    assert set(received) == set(addresses)
    doubled = [address for address, count in received.items() if count > 1]
    assert sum(received.values()) - READERS <= KILLS * CONNECTIONS
    ids: dict[str, set[str]] = {}
    for message in messages:
        ids.setdefault(str(message["X-To"]), set()).add(str(message["Message-ID"]))
    assert all(len(ids[address]) == 1 for address in doubled)
    assert len({next(iter(of_one)) for of_one in ids.values()}) == READERS

    with installation.db.read() as session:
        issue = calendar.get(session, DAY)
        balance = balance_of(session, issue)
    assert issue.state is IssueState.SENT
    assert balance.holds
    assert balance.sent == READERS
    installation.db.close()


def _worker(environ: dict[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*NEWSLETTER, "worker", "--once"],
        cwd=REPOSITORY,
        env=environ | {"PATH": os.environ["PATH"]},
    )
