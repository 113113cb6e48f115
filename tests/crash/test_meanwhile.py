"""What others do while an issue is sent: a second worker, a reader who leaves, a curator."""

import re
import time
from collections.abc import Iterator

import pytest
import requests
from sqlalchemy import select

from newsletter.audience import links
from newsletter.delivery.queue.balance import balance_of
from newsletter.issues import calendar
from newsletter.models.delivery import Delivery, DeliveryState
from newsletter.models.subscriber import Status, Subscriber
from tests.crash.mail_server import Stop
from tests.crash.stand import DAY, Stand
from tests.functional.site import Site, free_port, open_site

READERS = 60
CONNECTIONS = 4
MAILED_WITHIN = 1.0  # second after leaving


@pytest.fixture
def site(stand: Stand) -> Iterator[Site]:
    """The web side of the newsletter that is being sent."""
    stand.new_list(READERS, CONNECTIONS)
    with open_site(stand.environ(), free_port()) as opened:
        yield opened


def test_two_workers_on_one_issue_mail_nobody_twice(stand: Stand) -> None:
    stand.new_list(300, CONNECTIONS)
    with (
        stand.working(NEWSLETTER_RATE="200/s") as one,
        stand.working(NEWSLETTER_RATE="200/s") as other,
    ):
        assert (one.wait(), other.wait()) == (0, 0)
        parts = [int(re.findall(r"(\d+) messages settled", w.said())[0]) for w in (one, other)]
    assert min(parts) > 0
    assert stand.tally().wrong == ()


def test_who_leaves_mid_send_is_mailed_only_if_claimed_in_the_second_before(
    stand: Stand, site: Site
) -> None:
    stand.mail.hold(Stop.ANSWERED, 5)
    with stand.working(NEWSLETTER_RATE="15/s") as worker:
        assert stand.mail.wait(worker.sentinel)
        waiting = _waiting(stand)
        claimed = [reader for reader, is_claimed in waiting.items() if is_claimed]
        unclaimed = [reader for reader, is_claimed in waiting.items() if not is_claimed][-5:]
        for reader in (*unclaimed, *claimed):
            _one_click(site, reader)
        left_at = time.time()
        stand.mail.go_on()
        assert worker.wait() == 0
    messages = stand.mail.messages()
    mailed = {message.recipient for message in messages}
    assert not mailed & {reader.address for reader in unclaimed}
    left = {reader.address for reader in claimed}
    late = [message.at - left_at for message in messages if message.recipient in left]
    assert all(seconds < MAILED_WITHIN for seconds in late)
    with stand.installation.db.read() as session:
        balance = balance_of(session, calendar.get(session, DAY))
    assert balance.holds
    assert (balance.sent, balance.pending) == (len(mailed), 0)


def _waiting(stand: Stand) -> dict[Subscriber, bool]:
    """Who has not been sent it yet, in the order of the ledger, and whether it is claimed."""
    rows = (
        select(Subscriber, Delivery.lease_until.is_not(None))
        .join(Delivery, Delivery.subscriber_id == Subscriber.id)
        .where(Delivery.state == DeliveryState.PENDING, Subscriber.status == Status.ACTIVE)
        .order_by(Delivery.id)
    )
    with stand.installation.db.read() as session:
        return dict(session.execute(rows).all())


def _one_click(site: Site, reader: Subscriber) -> None:
    """Leave as a mail program does it (RFC 8058)."""
    token = links.token_of(site.installation.signer, links.UNSUBSCRIBE, reader)
    address = f"{site.installation.settings.base_url}/unsubscribe/{token}"
    answer = requests.post(address, data={"List-Unsubscribe": "One-Click"}, timeout=30)
    assert answer.status_code == 200


def test_a_curator_cannot_change_what_is_being_sent(stand: Stand, site: Site) -> None:
    stand.mail.hold(Stop.ANSWERED, 20)
    with stand.working() as worker:
        assert stand.mail.wait(worker.sentinel)
        page = site.curator().open(f"/admin/issues/{DAY}")
        page.post(f"/admin/issues/{DAY}", 422, subject="Other", preheader="", intro="")
        assert "is frozen: it can no longer change" in page.words()
        stand.mail.go_on()
        assert worker.wait() == 0
    with stand.installation.db.read() as session:
        assert calendar.get(session, DAY).subject == ""
    assert stand.tally().wrong == ()
