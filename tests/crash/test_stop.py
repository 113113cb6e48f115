"""SIGTERM: what is in flight ends, and nothing more is begun."""

import signal

from sqlalchemy import func, select

from newsletter.models.delivery import Delivery, DeliveryState
from tests.crash.mail_server import Stop
from tests.crash.stand import Stand

READERS = 300
STOP_WITHIN = 10.0  # seconds


def test_it_ends_what_is_in_flight_gives_its_claims_back_and_the_next_goes_on(
    stand: Stand,
) -> None:
    stand.new_list(READERS, connections=8)
    stand.mail.hold(Stop.MAIL, 60)
    with stand.working() as worker:
        assert stand.mail.wait(worker.sentinel)
        worker.signal(signal.SIGTERM)
        stand.mail.go_on()
        assert worker.wait(STOP_WITHIN) == 0
    with stand.installation.db.read() as session:
        states = select(func.count()).where(Delivery.state == DeliveryState.SENT)
        assert session.scalar(states) == len(stand.mail.messages()) < READERS // 2
        leased = select(func.count()).where(Delivery.lease_until.is_not(None))
        assert session.scalar(leased) == 0
    with stand.working() as worker:
        assert worker.wait() == 0
    assert stand.tally().wrong == ()
