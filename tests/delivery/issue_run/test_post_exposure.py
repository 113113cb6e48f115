"""Nobody is told of a post twice: by a mail of its own, or in a round-up."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.audience import suppression
from newsletter.db import Database
from newsletter.delivery.issue_run import recipients, retry
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.delivery.issue_run.post_exposure import variants_owed
from newsletter.delivery.queue import ledger
from newsletter.errors import Conflict
from newsletter.issues import calendar
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.issue import Issue, IssuePost, IssueState, Kind
from newsletter.models.post import Post
from newsletter.models.subscriber import Cadence, Status, Subscriber, SuppressionReason
from newsletter.storage import Storage
from tests import factories
from tests.delivery.lists import NOW, TODAY, signer

DAY = timedelta(days=1)


class House:
    """Two posts, and readers by their names."""

    def __init__(self, session: Session, storage: Storage) -> None:
        self.session = session
        version = factories.dataset(session, storage)
        self.first = factories.post(session, version, "first")
        self.second = factories.post(session, version, "second")

    def reader(self, name: str, cadence: Cadence = Cadence.DAILY) -> Subscriber:
        return factories.subscriber(self.session, signer, f"{name}@example.org", cadence=cadence)

    def begin(self, kind: Kind, day: int, post: Post | None = None, *listed: Post) -> Issue:
        """An issue that freezes so many days after NOW."""
        at = NOW + day * DAY
        issue = Issue(
            kind=kind, date=TODAY + day * DAY, state=IssueState.SENDING, created_at=NOW,
            frozen_at=at, post=post,
        )  # fmt: skip
        self.session.add(issue)
        self.session.flush()
        for number, each in enumerate(listed):
            self.session.add(IssuePost(issue_id=issue.id, number=number, post_id=each.id))
        self.session.flush()
        issue.candidates = enrol(self.session, issue, at)
        return issue

    def settle(self, issue: Issue, name: str, state: DeliveryState) -> None:
        row = self.session.scalars(
            select(Delivery)
            .join(Subscriber, Subscriber.id == Delivery.subscriber_id)
            .where(Delivery.issue_id == issue.id, Subscriber.address == f"{name}@example.org")
        ).one()
        row.state = state
        row.not_before = NOW if state in (DeliveryState.PENDING, DeliveryState.UNKNOWN) else None
        self.session.flush()

    def variants(self, issue: Issue) -> dict[str, int]:
        rows = select(Subscriber.address, Delivery.variant).join(
            Delivery, Delivery.subscriber_id == Subscriber.id
        )
        found = self.session.execute(rows.where(Delivery.issue_id == issue.id))
        return {address.partition("@")[0]: variant for address, variant in found}


@pytest.fixture
def house(db: Database, tmp_path: Path) -> Iterator[House]:
    with db.write() as session:
        yield House(session, Storage(tmp_path / "storage"))


@pytest.mark.parametrize(
    ("state", "variant"),
    [
        (DeliveryState.SENT, 1),
        (DeliveryState.UNKNOWN, 1),
        (DeliveryState.PENDING, 1),
        (DeliveryState.FAILED, 0),
        (DeliveryState.EXCLUDED, 0),
    ],
)
def test_who_has_a_post_or_may_still_get_it_is_not_told_again(
    house: House, state: DeliveryState, variant: int
) -> None:
    house.reader("ann")
    house.reader("bob", Cadence.MONDAY)
    mailing = house.begin(Kind.POST, 1, house.first)
    house.settle(mailing, "ann", state)
    monday = house.begin(Kind.REGULAR, 7, None, house.first)
    assert house.variants(monday) == {"ann": variant, "bob": 0}
    assert variants_owed(house.session, monday) == ([1] if variant else [])


def test_each_post_has_a_bit_by_its_place_in_the_round_up(house: House) -> None:
    both, one = house.reader("both"), house.reader("one")
    house.reader("none", Cadence.MONDAY)
    house.begin(Kind.POST, 1, house.first)
    one.cadence = Cadence.MONDAY
    house.begin(Kind.POST, 2, house.second)
    assert both.cadence is Cadence.DAILY
    monday = house.begin(Kind.REGULAR, 7, None, house.second, house.first)
    assert house.variants(monday) == {"both": 0b11, "one": 0b10, "none": 0}
    assert variants_owed(house.session, monday) == [0b10, 0b11]


def test_a_post_that_was_mailed_in_two_parts_counts_once(house: House) -> None:
    house.reader("ann")
    broken_off = house.begin(Kind.POST, 1, house.first)
    house.settle(broken_off, "ann", DeliveryState.SENT)
    calendar.cancel(house.session, broken_off, NOW)
    house.reader("ben")
    rest = house.begin(Kind.POST, 2, house.first)
    assert house.variants(rest) == {"ben": 0}
    house.settle(rest, "ben", DeliveryState.SENT)
    monday = house.begin(Kind.REGULAR, 7, None, house.first)
    assert house.variants(monday) == {"ann": 1, "ben": 1}


def test_a_variant_that_only_the_suppressed_have_is_not_owed(house: House) -> None:
    ann = house.reader("ann")
    house.begin(Kind.POST, 1, house.first)
    suppression.suppress(house.session, ann.address_hash, SuppressionReason.CURATOR, NOW)
    monday = house.begin(Kind.REGULAR, 7, None, house.first)
    assert house.variants(monday) == {"ann": 1}
    assert variants_owed(house.session, monday) == []


def test_who_was_told_in_a_round_up_is_not_mailed_the_post_afterwards(house: House) -> None:
    house.reader("ann")
    monday = house.begin(Kind.REGULAR, 0, None, house.first)
    house.settle(monday, "ann", DeliveryState.SENT)
    house.reader("new")
    mailing = Issue(kind=Kind.POST, date=TODAY + DAY, created_at=NOW, post=house.first)
    house.session.add(mailing)
    house.session.flush()
    assert recipients.count(house.session, mailing) == 1
    assert house.variants(house.begin(Kind.POST, 2, house.first)) == {"new": 0}


def test_who_was_mailed_the_post_was_not_told_in_the_round_up_without_it(house: House) -> None:
    """A bit that is set says that the round-up was told without the post."""
    house.reader("ann")
    house.begin(Kind.POST, 1, house.first)
    monday = house.begin(Kind.REGULAR, 7, None, house.first, house.second)
    house.settle(monday, "ann", DeliveryState.SENT)
    again_ = house.begin(Kind.REGULAR, 14, None, house.second, house.first)
    assert house.variants(again_) == {"ann": 0b11}


def test_what_failed_is_not_tried_again_for_those_who_were_told_meanwhile(house: House) -> None:
    house.reader("ann")
    mailing = house.begin(Kind.POST, 1, house.first)
    house.settle(mailing, "ann", DeliveryState.FAILED)
    assert retry.count(house.session, mailing) == 1
    house.begin(Kind.REGULAR, 7, None, house.first)
    assert retry.count(house.session, mailing) == 0
    with pytest.raises(Conflict, match="can be tried again"):
        retry.retry(house.session, mailing, NOW + 8 * DAY)


def test_a_claim_says_which_message_is_owed(house: House) -> None:
    house.reader("ann")
    house.reader("bob", Cadence.MONDAY)
    mailing = house.begin(Kind.POST, 1, house.first)
    house.settle(mailing, "ann", DeliveryState.SENT)
    house.begin(Kind.REGULAR, 7, None, house.first)
    claimed = ledger.claim(house.session, "worker", 10, NOW + 7 * DAY)
    assert {c.address[:3]: c.variant for c in claimed} == {"ann": 1, "bob": 0}


def test_somebody_who_was_erased_troubles_nobody(house: House) -> None:
    ann = house.reader("ann")
    house.reader("bob")
    house.begin(Kind.POST, 1, house.first)
    house.session.delete(ann)
    house.session.flush()
    assert house.variants(house.begin(Kind.REGULAR, 7, None, house.first)) == {"bob": 1}


def test_a_reader_who_has_left_is_no_candidate(house: House) -> None:
    ann = house.reader("ann")
    house.begin(Kind.POST, 1, house.first)
    ann.status = Status.UNSUBSCRIBED
    assert house.variants(house.begin(Kind.REGULAR, 7, None, house.first)) == {}
