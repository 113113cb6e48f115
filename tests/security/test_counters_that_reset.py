"""Row "a counter that others can raise and nothing resets": everybody has a way back."""

from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from newsletter.audience.suppression import suppress
from newsletter.installation import Installation
from newsletter.jobs.retention import purge_pending_subscribers
from newsletter.models import Consent, Notice, Subscriber
from newsletter.models.subscriber import Status, SuppressionReason
from tests import factories
from tests.web.admin.conftest import CURATOR, Browser
from tests.web.conftest import TUESDAY

DAY = timedelta(days=1)
ANN = "ann@example.org"
PAGE = "/admin/subscribers/"


def ask(client: FlaskClient, days: float) -> None:
    with time_machine.travel(TUESDAY + days * DAY, tick=False):
        assert client.post("/subscribe", data={"email": ANN}).status_code == 200


def mails(installation: Installation) -> int:
    with installation.db.read() as session:
        return session.scalar(select(func.count()).select_from(Notice)) or 0


def reader(installation: Installation) -> Subscriber:
    with installation.db.read() as session:
        found = session.scalars(select(Subscriber)).one()
        assert found.consents is not None
        return found


@pytest.mark.parametrize("is_purged", [True, False])
def test_three_posts_on_three_days_shut_nobody_out(
    client: FlaskClient, installation: Installation, is_purged: bool
) -> None:
    for days in (0, 1, 2, 3, 20):
        ask(client, days)
    assert mails(installation) == 3
    if is_purged:
        with installation.db.write() as session:
            settled = {"state": "sent", "not_before": None, "settled_at": TUESDAY + 2 * DAY}
            session.execute(update(Notice).values(settled))
        assert purge_pending_subscribers(installation, TUESDAY + 33 * DAY) == 1
        assert mails(installation) == 0
    before = mails(installation)
    ask(client, 33)
    assert mails(installation) == before + 1


@pytest.fixture
def shut_out(client: FlaskClient, installation: Installation) -> int:
    """The number of somebody who was asked as often as may be."""
    for days in (0, 1, 2, 3):
        ask(client, days)
    assert mails(installation) == 3
    return reader(installation).id


def test_a_curator_sends_the_confirmation_again(
    installation: Installation, curator: Browser, shut_out: int
) -> None:
    assert f"Send again: {ANN}" in curator.get(PAGE).text
    answer = curator.post(f"{PAGE}{shut_out}/resend", PAGE, q="ann")
    assert answer.location == f"{PAGE}?q=ann"
    assert "on its way" in curator.get(PAGE).text
    assert mails(installation) == 4


def test_a_curator_confirms_for_somebody_who_asks(
    installation: Installation, curator: Browser, shut_out: int
) -> None:
    curator.post(f"{PAGE}{shut_out}/confirm", PAGE)
    ann = reader(installation)
    assert ann.status is Status.ACTIVE
    assert ann.confirmations == 0
    assert consents(installation)[-1] == ("curator", f"Confirmed by {CURATOR}, whom they asked.")
    assert f"Send again: {ANN}" not in curator.get(PAGE).text
    curator.post(f"{PAGE}{shut_out}/confirm", PAGE)
    assert "has confirmed already" in curator.get(PAGE).text


@pytest.mark.parametrize("status", [Status.BOUNCED, Status.COMPLAINED, Status.UNSUBSCRIBED])
def test_a_curator_lifts_what_keeps_an_address_from_being_mailed(
    client: FlaskClient, installation: Installation, curator: Browser, status: Status
) -> None:
    with installation.db.write() as session:
        ann = factories.subscriber(session, installation.signer, ANN, status, left_at=TUESDAY)
        suppress(session, ann.address_hash, SuppressionReason.BOUNCE, TUESDAY)
    for action in ("resend", "confirm"):
        curator.post(f"{PAGE}{ann.id}/{action}", PAGE)
        assert "lift that first" in curator.get(PAGE).text
    ask(client, 1)
    assert mails(installation) == 0
    curator.post(f"{PAGE}{ann.id}/lift", PAGE)
    wording = f"The bounce of 2026-11-24 was lifted by {CURATOR}, whom they asked."
    assert consents(installation) == [("curator", wording)]
    assert reader(installation).status is status  # who it is about decides
    ask(client, 1)
    assert mails(installation) == 1


def consents(installation: Installation) -> list[tuple[str, str]]:
    with installation.db.read() as session:
        rows = session.execute(select(Consent.form, Consent.wording).order_by(Consent.id))
        return [(form, wording) for form, wording in rows]
