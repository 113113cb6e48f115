"""Four weeks of a newsletter: datasets on Mondays, code through the week, readers who change
their minds. Each of them gets what they were promised, counted at a real SMTP server.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial

import pytest
import requests
import time_machine
from click.testing import CliRunner
from sqlalchemy import select

from newsletter import clock, jobs
from newsletter.audience import links, subscriptions
from newsletter.cli import newsletter
from newsletter.delivery.queue.balance import balance_of
from newsletter.email_address import parse_address
from newsletter.issues import corrections, listing
from newsletter.models.issue import Issue, IssueState, IssueVariant, Kind
from newsletter.models.post import PostState
from newsletter.models.subscriber import Cadence
from newsletter.posts import posts
from tests import factories
from tests.functional.conftest import MailServer
from tests.functional.promises import Life, Mail, Mended, Opening, Piece, Wish, promised
from tests.functional.site import CURATOR, Site, free_port, open_site

FIRST = datetime(2026, 11, 30, 9, tzinfo=UTC)
BEGINNING = FIRST - timedelta(days=4)
WEEKS = 4
DATASETS = ("rivers", "peaks", "lakes", "capes")
DAYS = ("Tue", "Wed", "Thu", "Fri")
CANCELLED = "lakes-thu"
BY_HAND = {"early": -3, "extra": 5}  # slugs, and the days after FIRST of their publishing
WRONG, CORRECTED_ON = "peaks", (2, "Wed", 14)


def at(week: int, day: str, hour: float = 9) -> datetime:
    """A moment of a week, which are counted from 0 on."""
    number = ("Mon", *DAYS, "Sat", "Sun").index(day)
    return FIRST + timedelta(weeks=week, days=number, hours=hour - 9)


LIVES: dict[str, Life] = {
    "amy": [(BEGINNING, "daily")],
    "bob": [(BEGINNING, "monday")],
    "cyd": [(BEGINNING, "daily"), (at(0, "Wed", 12), "monday")],
    "dan": [(BEGINNING, "monday"), (at(0, "Wed", 12), "daily")],
    "eli": [
        (BEGINNING, "daily"),
        (at(1, "Wed", 20), "monday"),
        (at(1, "Fri", 8), "daily"),
        (at(2, "Tue", 10), "monday"),
    ],
    "fay": [(at(1, "Wed", 12), "daily")],
    "gus": [(at(1, "Thu", 12), "monday"), (at(2, "Thu", 12), "daily")],
    "hal": [(BEGINNING, "daily"), (at(2, "Wed", 8), "left")],
    "ida": [(BEGINNING, "monday"), (at(2, "Wed", 8), "left")],
    "jon": [(BEGINNING, "daily"), (at(0, "Tue", 10), "left"), (at(1, "Thu", 22), "daily")],
    "kim": [(BEGINNING, "monday"), (at(1, "Mon", 8.5), "daily")],
    "lea": [(BEGINNING, "daily"), (at(2, "Mon", 9.5), "monday")],
    "max": [(at(0, "Sun", 12), "daily"), (at(0, "Sun", 13), "left")],
    "ned": [(at(2, "Wed", 13), "daily")],
    "gone": [(BEGINNING, "daily")],  # whom the server does not know
}


def title(slug: str) -> str:
    return f"All about {slug}"


OPENINGS = [Opening(at(week, "Mon"), title(slug)) for week, slug in enumerate(DATASETS)]
PIECES = [
    *(
        Piece(at(week, day), f"{slug}-{day.lower()}", f"{slug} on {day}", title(slug))
        for week, slug in enumerate(DATASETS)
        for day in DAYS
        if f"{slug}-{day.lower()}" != CANCELLED
    ),
    *(
        Piece(
            FIRST + timedelta(days=days, hours=3), slug, f"{slug} by hand", title("rivers"), False
        )
        for slug, days in BY_HAND.items()
    ),
]
MENDED = [Mended(at(*CORRECTED_ON), title(WRONG))]


class Weeks:
    """The house, its readers and its curators, from moment to moment."""

    def __init__(self, site: Site, environ: dict[str, str], server: MailServer) -> None:
        self.installation = site.installation
        self.base = site.installation.settings.base_url
        self._environ = environ
        self._server = server

    def do(self, *arguments: str) -> None:
        result = CliRunner().invoke(newsletter, arguments, env=self._environ)
        assert result.exit_code == 0, result.output

    def prepare(self) -> None:
        """All datasets and posts, each on its day but those that a curator publishes."""
        opened = self.installation
        with opened.db.write() as session:
            for slug in DATASETS:
                text = f"name,size\n{slug} one,1\n{slug} two,2\n"
                version = factories.dataset(
                    session, opened.storage, slug, {slug: text}, title=title(slug)
                )
                for day in DAYS:
                    factories.post(
                        session, version, f"{slug}-{day.lower()}", PostState.DRAFT,
                        title=f"{slug} on {day}",
                    )  # fmt: skip
                for hand in BY_HAND if slug == "rivers" else ():
                    factories.post(session, version, hand, PostState.DRAFT, title=f"{hand} by hand")
        for week, slug in enumerate(DATASETS):
            self.do("issue", "plan", "--date", str(at(week, "Mon").date()), "--dataset", slug)
            for day in DAYS:
                name, date = f"{slug}-{day.lower()}", str(at(week, day).date())
                self.do("issue", "plan", "--date", date, "--post", name)

    def live(self, name: str, wanted: Wish) -> None:
        """A reader comes, chooses or leaves, as readers do."""
        address, opened = f"{name}@example.org", self.installation
        with opened.db.write() as session:
            reader = subscriptions.find(session, parse_address(address))
            if reader is None:
                factories.subscriber(session, opened.signer, address, cadence=Cadence(wanted))
                return
            if reader.left_at is not None:  # who comes back asks, and confirms
                reader.confirmation_at = clock.now()
                subscriptions.confirm(reader, clock.now())
        purpose = "unsubscribe" if wanted == "left" else "preferences"
        url = f"{self.base}/{purpose}/{links.token_of(opened.signer, purpose, reader)}"
        answer = requests.post(url, data={"cadence": wanted, "timezone": ""}, timeout=60)
        assert answer.status_code == 200

    def publish(self, slug: str) -> None:
        with self.installation.db.write() as session:
            posts.publish(posts.get(session, slug), clock.now())

    def cancel(self) -> None:
        day = at(DATASETS.index("lakes"), "Thu").date()
        self.do("issue", "cancel", str(day), "--kind", "post")

    def correct(self) -> None:
        opened, now = self.installation, clock.now()
        with opened.db.write() as session:
            text = f"name,size\n{WRONG} one,1\n{WRONG} two,3\n"
            new = factories.newer(session, opened.storage, WRONG, "2.0.0", text)
            new.title = title(WRONG)
            note = "The second of them is one larger."
            corrections.correct(session, WRONG, note, now.date(), now, mail_on=now.date())
        self.work()

    def work(self) -> None:
        """Let the clock look and the worker send."""
        assert not jobs.run_all(self.installation, clock.now(), jobs.LOCAL_JOBS)
        jobs.deliver(self.installation)

    def found(self) -> dict[str, list[Mail]]:
        """What each reader has in the inbox, in order."""
        inboxes: dict[str, list[Mail]] = defaultdict(list)
        for message in self._server.messages():
            if message["X-To"] == CURATOR:  # who is told, rightly, of the Monday after
                continue
            inboxes[str(message["X-To"]).partition("@")[0]].append(_read(message))
        return inboxes


def _read(message: EmailMessage) -> Mail:
    subject = str(message["Subject"])
    texts = []
    for kind, link in (("plain", r"/posts/([a-z-]+)\s"), ("html", r'href="[^"]+/posts/([a-z-]+)"')):
        body = message.get_body((kind,))
        assert body is not None
        texts.append(frozenset(re.findall(link, body.get_content())))
    assert texts[0] == texts[1]  # both parts say the same
    own = {piece.slug for piece in PIECES if piece.title == subject}
    return Mail(subject, texts[0] - own)


@pytest.fixture
def weeks(environ: dict[str, str], database_url: str, mail_server: MailServer) -> Iterator[Weeks]:
    environ |= {
        "DATABASE_URL": database_url,
        "NEWSLETTER_TIMEZONE": "UTC",
        "NEWSLETTER_MAIL_URL": mail_server.url,
    }
    with open_site(environ, free_port()) as site:
        yield Weeks(site, environ, mail_server)


def test_each_reader_gets_what_was_promised_and_nothing_twice(weeks: Weeks) -> None:
    _play(weeks)
    inboxes = weeks.found()

    for name, life in LIVES.items():
        owed = [] if name == "gone" else promised(life, OPENINGS, PIECES, MENDED)
        assert inboxes.pop(name, []) == owed, name
    assert inboxes == {}
    _every_book_balances(weeks)
    _the_archive_shows_all_posts(weeks)


def test_the_promises_are_of_every_kind() -> None:
    """The test above is worth something: its readers are told in all the ways there are."""
    mails = {name: promised(life, OPENINGS, PIECES, MENDED) for name, life in LIVES.items()}
    for name, owed in mails.items():
        told = Counter(slug for mail in owed for slug in mail.listed)
        told.update(p.slug for p in PIECES for mail in owed if mail.subject == p.title)
        assert max(told.values(), default=0) <= 1, name
    assert len({mail.listed for owed in mails.values() for mail in owed}) > 12
    corrected = {
        name for name, owed in mails.items() if Mail(f"Correction: {title(WRONG)}") in owed
    }
    assert {"amy", "bob", "fay"} <= corrected  # fay had a post on it, and no Monday
    assert not corrected & {"gus", "hal", "ida", "ned", "max"}
    assert mails["max"] == []


def _play(weeks: Weeks) -> None:
    """All that happens, in order."""
    first = BEGINNING - timedelta(hours=1)
    happenings: list[tuple[datetime, Callable[[], object]]] = [(first, weeks.prepare)]
    happenings += [(at(week, day), weeks.work) for week in range(WEEKS) for day in ("Mon", *DAYS)]
    happenings += [
        (moment, partial(weeks.live, name, wanted))
        for name, life in LIVES.items()
        for moment, wanted in life
    ]
    happenings += [(p.at, partial(weeks.publish, p.slug)) for p in PIECES if not p.mailed]
    happenings += [(at(2, "Thu", 7), weeks.cancel), (at(*CORRECTED_ON), weeks.correct)]
    for moment, happen in sorted(happenings, key=lambda pair: pair[0]):
        with time_machine.travel(moment):
            happen()


def _every_book_balances(weeks: Weeks) -> None:
    with weeks.installation.db.read() as session:
        found = listing.issues(session)
        kinds = Counter((issue.kind, issue.state) for issue in found)
        assert all(balance_of(session, issue).holds for issue in found)
        variants = session.scalars(select(IssueVariant.issue_id)).all()
        mondays = session.scalars(select(Issue.id).where(Issue.kind == Kind.REGULAR)).all()
        left = posts.get(session, CANCELLED).state
    assert kinds == {
        (Kind.REGULAR, IssueState.SENT): WEEKS,
        (Kind.POST, IssueState.SENT): WEEKS * len(DAYS) - 1,
        (Kind.POST, IssueState.CANCELLED): 1,
        (Kind.CORRECTION, IssueState.SENT): 1,
    }
    assert left is PostState.DRAFT
    assert set(variants) <= set(mondays)
    assert variants


def _the_archive_shows_all_posts(weeks: Weeks) -> None:
    before = at(0, "Mon")
    for opening in OPENINGS[1:]:
        page = requests.get(f"{weeks.base}/issues/{opening.at.date()}", timeout=60).text
        shown = set(re.findall(r"/posts/([a-z-]+)\"", page))
        assert shown == {p.slug for p in PIECES if before < p.at <= opening.at}
        before = opening.at
