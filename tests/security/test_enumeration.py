"""Row "enumeration, timing": the form says the same to everybody."""

from statistics import median
from time import perf_counter

import pytest
from flask.testing import FlaskClient

from newsletter import clock
from newsletter.audience.suppression import suppress
from newsletter.installation import Installation
from newsletter.models.subscriber import Status, SuppressionReason
from newsletter.web.responses.even_time import ANSWERED_AFTER
from tests import factories

ADDRESSES = {
    "new": "new@example.org",
    "pending": "pending@example.org",
    "active": "active@example.org",
    "unsubscribed": "unsubscribed@example.org",
    "bounced": "bounced@example.org",
    "suppressed": "suppressed@example.org",
}


@pytest.fixture
def known(installation: Installation) -> Installation:
    with installation.db.write() as session:
        for name in ("pending", "active", "unsubscribed", "bounced"):
            factories.subscriber(session, installation.signer, ADDRESSES[name], Status(name))
        gone = factories.subscriber(session, installation.signer, ADDRESSES["suppressed"])
        suppress(session, gone.address_hash, SuppressionReason.COMPLAINT, clock.now())
        session.delete(gone)
    return installation


@pytest.mark.usefixtures("known")
def test_the_answer_is_the_same_for_every_address(client: FlaskClient) -> None:
    answers = [client.post("/subscribe", data={"email": a}) for a in ADDRESSES.values()]
    assert len({answer.data for answer in answers}) == 1
    assert len({str(answer.headers) for answer in answers}) == 1
    assert {answer.status_code for answer in answers} == {200}


def test_the_answer_takes_as_long_for_a_known_address(
    client: FlaskClient, known: Installation
) -> None:
    """Each waits for a moment that is the same for all; and what is done until then takes so
    much less that the moment hides it, on a machine that does other things too."""
    elsewhere = iter(range(1, 250))

    def seconds(address: str) -> float:
        begun = perf_counter()
        client.post(
            "/subscribe",
            data={"email": address},
            environ_base={"REMOTE_ADDR": f"8.{next(elsewhere)}.8.8"},
        )
        return perf_counter() - begun

    seconds("warm-up@example.org")
    new = [seconds(f"new{n}@example.org") for n in range(9)]
    active = [seconds(ADDRESSES["active"]) for _ in range(9)]
    assert min(new + active) >= ANSWERED_AFTER
    assert abs(median(new) - median(active)) < 2 * ANSWERED_AFTER
