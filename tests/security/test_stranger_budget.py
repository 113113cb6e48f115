"""Row "a stranger's action spends a budget that the core job needs"."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from newsletter import clock
from newsletter.audience.subscriptions import ConsentGiven, subscribe
from newsletter.curators import accounts, password_mail
from newsletter.db import Database
from newsletter.delivery.sending.claims import Claim, Report
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.email_address import mailbox_key
from newsletter.installation import Installation
from newsletter.issues.notices import alert_curators
from newsletter.models.curator import Role
from newsletter.models.delivery import Notice, NoticeKind
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.rates import WarmUp
from newsletter.settings import Settings
from newsletter.submissions.limits import A_DAY_AT_MOST
from newsletter.transports.base import Outcome, Verdict
from newsletter.web.limits import admin_limiter
from newsletter.web.responses import even_time
from tests.functional.lists import add_readers, begin_issue
from tests.web.admin.conftest import CURATOR, OWNER, Browser
from tests.web.conftest import TUESDAY

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
AGREED = ConsentGiven("site", "Yes.")


class List:
    """A list in the first day of a warm-up, on which 50 messages may go out."""

    def __init__(self, installation: Installation, db: Database) -> None:
        self.installation = installation
        self.db = db
        settings = installation.settings
        envelopes = Envelopes(settings, installation.storage, installation.signer)
        self.store = WorkerStore(db, envelopes, settings.home, "one", 1000, warm_up=WarmUp(50, 2))
        with db.write() as session:
            accounts.add_curator(session, OWNER, Role.OWNER, None, NOW)

    def strangers(self, count: int) -> None:
        with self.db.write() as session:
            for number in range(count):
                address = f"victim{number}@mail{number}.example"
                subscribe(session, self.installation.signer, address, AGREED, NOW)

    def alert(self) -> None:
        with self.db.write() as session:
            alert_curators(session, "The issue is paused", ["It is."], "/admin/", "x", NOW)

    def claimed(self) -> Counter[str]:
        """What is begun until no more may be, by the kind of message."""
        kinds: Counter[str] = Counter()
        while claims := self.store.claim(7, NOW):
            self.settle(claims)
            kinds.update(claim.key[0] for claim in claims)
        return kinds

    def settle(self, claims: list[Claim], verdict: Verdict = Verdict.SENT) -> None:
        self.store.settle([Report(claim, Outcome(verdict), NOW) for claim in claims])


@pytest.fixture
def mailing(environ: dict[str, str], db: Database, database_url: str) -> Iterator[List]:
    installation = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    yield List(installation, db)
    installation.db.close()


def test_sixty_sign_ups_leave_an_issue_its_share_of_the_day(mailing: List) -> None:
    add_readers(mailing.installation, 100, NOW)
    begin_issue(mailing.installation, NOW.date(), NOW)
    mailing.strangers(60)
    kinds = mailing.claimed()
    assert kinds["delivery"] >= 37  # three quarters of the day
    assert kinds["notice"] >= 5


def test_an_issue_that_begins_today_has_its_share_before_it_does(mailing: List) -> None:
    add_readers(mailing.installation, 100, NOW)
    with mailing.db.write() as session:
        day = NOW.date()
        issue = Issue(kind=Kind.REGULAR, date=day, state=IssueState.PLANNED, created_at=NOW)
        session.add(issue)
    mailing.strangers(60)
    assert mailing.claimed() == {"notice": 11}


def test_the_share_of_issues_is_what_they_are_owed(mailing: List) -> None:
    add_readers(mailing.installation, 3, NOW)
    begin_issue(mailing.installation, NOW.date(), NOW)
    mailing.strangers(60)
    kinds = mailing.claimed()
    assert kinds["delivery"] == 3
    assert kinds["notice"] == 45  # all but what is kept for curators


def test_an_issue_leaves_who_signs_up_a_share_and_the_curators_theirs(mailing: List) -> None:
    add_readers(mailing.installation, 100, NOW)
    begin_issue(mailing.installation, NOW.date(), NOW)
    assert mailing.claimed() == {"delivery": 43}
    mailing.strangers(60)
    assert mailing.claimed() == {"notice": 5}
    mailing.alert()
    assert mailing.claimed() == {"notice": 1}


def test_what_strangers_ask_for_leaves_the_curators_their_share(mailing: List) -> None:
    mailing.strangers(60)
    assert mailing.claimed() == {"notice": 48}
    mailing.alert()
    assert mailing.claimed() == {"notice": 1}


def test_a_notice_that_is_put_back_takes_of_no_share(mailing: List) -> None:
    mailing.strangers(60)
    claims = mailing.store.claim(48, NOW)
    assert len(claims) == 48
    mailing.settle(claims[:20], Verdict.REQUEUED)
    mailing.store.release([claim.key for claim in claims[20:40]], NOW)
    assert len(mailing.store.claim(60, NOW)) == 40


# Passwords.


@pytest.fixture
def unlimited(app: Flask) -> Iterator[None]:
    admin_limiter.enabled = False
    yield
    admin_limiter.enabled = True


def resets(installation: Installation) -> Counter[str]:
    with installation.db.read() as session:
        rows = select(Notice.address).where(Notice.kind == NoticeKind.RESET)
        return Counter(session.scalars(rows))


@pytest.mark.usefixtures("unlimited", "people")
def test_three_hundred_who_ask_for_an_owners_password_send_one_mail(
    installation: Installation,
    new_browser: Callable[[], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(even_time, "ANSWERED_AFTER", 0)
    browser = new_browser()
    token = browser.token("/admin/forgotten")
    answers = {
        browser.send("/admin/forgotten", csrf_token=token, address=OWNER).status_code
        for _ in range(300)
    }
    assert answers == {302}  # as for anybody
    assert resets(installation) == {OWNER: 1}


def asked(db: Database, address: str, at: datetime) -> None:
    with db.write() as session:
        curator = accounts.find(session, address)
        assert curator is not None
        password_mail.owe_if_due(session, curator, "Set a new password", at)


def mails(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def add(db: Database, *addresses: str) -> None:
    with db.write() as session:
        for address in addresses:
            accounts.add_curator(session, address, Role.OWNER, None, NOW)


def test_an_account_gets_one_mail_in_ten_minutes_and_five_in_a_day(db: Database) -> None:
    add(db, OWNER)
    for minutes in (0, 1, 9.9, 10):
        asked(db, OWNER, NOW + minutes * MINUTE)
    assert mails(db) == 2
    for number in range(2, 100):
        asked(db, OWNER, NOW + number * 10 * MINUTE)
    assert mails(db) == 5
    asked(db, OWNER, NOW + DAY + MINUTE)
    assert mails(db) == 6


def test_accounts_of_one_mailbox_count_together(sqlite_db: Database) -> None:
    same = ("ann@gmail.com", "ann+a@gmail.com", "a.n.n@googlemail.com", "A.nn+b@Gmail.com")
    add(sqlite_db, *same, OWNER)
    for hours in range(3):
        for address in same:
            asked(sqlite_db, address, NOW + timedelta(hours=hours))
    assert mails(sqlite_db) == 5
    asked(sqlite_db, OWNER, NOW)
    assert mails(sqlite_db) == 6


def test_all_accounts_together_get_fifty_in_a_day(sqlite_db: Database) -> None:
    addresses = [f"curator{number}@example.org" for number in range(60)]
    add(sqlite_db, *addresses)
    for address in addresses:
        asked(sqlite_db, address, NOW)
    assert mails(sqlite_db) == password_mail.IN_A_DAY


# Mailboxes.


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("ann@example.org", "ann@example.org"),
        ("Ann+News@Example.org", "ann@example.org"),
        ("a.n.n+x+y@gmail.com", "ann@gmail.com"),
        ("ann@googlemail.com", "ann@gmail.com"),
        ("+@example.org", "+@example.org"),
    ],
)
def test_sub_addresses_and_dots_are_folded(address: str, mailbox: str) -> None:
    assert mailbox_key(address) == mailbox


def test_sub_addresses_of_one_mailbox_get_three_confirmations_in_a_day(
    installation: Installation, db: Database
) -> None:
    def ask(number: int, at: datetime) -> None:
        address = f"a.n{'.' * (number % 2)}n+{number}@gmail.com"
        with db.write() as session:
            subscribe(session, installation.signer, address, AGREED, at)

    for number in range(20):
        ask(number, NOW)
    assert mails(db) == 3
    for number in range(20, 400):
        ask(number, NOW + (number // 20) * DAY)
    assert mails(db) == 9  # in a month
    ask(400, NOW + 60 * DAY)
    assert mails(db) == 10


# The public's allowance.


def post_from(client: FlaskClient, path: str, network: int, **fields: str) -> int:
    visitor = {"X-Forwarded-For": f"203.{network // 200}.{network % 200}.7"}
    return client.post(path, data=fields, headers=visitor).status_code


def test_refused_forms_use_up_nobody_elses_allowance(client: FlaskClient) -> None:
    for network in range(21):
        for _ in range(10):
            assert post_from(client, "/suggest", network) == 422
        assert post_from(client, "/suggest", network) == 429
    assert post_from(client, "/suggest", 100) == 422


def opened_form(client: FlaskClient) -> str:
    opened = client.get("/suggest").text.partition('name="opened" value="')[2]
    return opened.partition('"')[0]


def test_what_is_taken_counts_for_everybody(client: FlaskClient) -> None:
    with time_machine.travel(TUESDAY, tick=False):
        tokens = [opened_form(client) for _ in range(201)]
    fields = {"about": "A table of the penguins of the archipelago, by island and year.",
              "link": "https://example.org/data.csv", "name": "Ann", "license": "CC0-1.0",
              }  # fmt: skip
    with time_machine.travel(TUESDAY + MINUTE, tick=False):
        codes = Counter(
            post_from(
                client, "/suggest", number, title=f"Penguins {number}", opened=token, **fields
            )
            for number, token in enumerate(tokens)
        )
    assert codes == {200: A_DAY_AT_MOST, 429: 201 - A_DAY_AT_MOST}
    assert clock.now() == TUESDAY


@pytest.mark.usefixtures("people")
def test_an_owner_who_invites_again_is_not_held_up(
    installation: Installation, owner: Browser
) -> None:
    for _ in range(2):
        owner.post("/admin/curators/2/invite", "/admin/curators/")
    assert resets(installation) == {CURATOR: 2}
