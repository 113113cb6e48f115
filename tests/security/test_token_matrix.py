"""Row "access control": every token at every page, and whom it speaks for."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter import clock
from newsletter.audience.links import CONFIRM, PREFERENCES, UNSUBSCRIBE, token_of
from newsletter.curators import logins
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.models.subscriber import Status
from newsletter.web.site.form_token import PURPOSE as FORM
from newsletter.web.uploads import PURPOSE as UPLOAD
from tests import factories

PAGES = {CONFIRM: "/confirm/", PREFERENCES: "/preferences/", UNSUBSCRIBE: "/unsubscribe/"}
PURPOSES = [*PAGES, UPLOAD, FORM, logins.DEVICE, logins.RESET]
PEOPLE = {"ann": Status.PENDING, "ben": Status.ACTIVE, "eve": Status.ACTIVE}


@pytest.fixture
def people(installation: Installation) -> dict[str, int]:
    now = clock.now()
    with installation.db.write() as session:
        return {
            name: factories.subscriber(
                session, installation.signer, f"{name}@example.org", status, confirmation_at=now
            ).id
            for name, status in PEOPLE.items()
        }


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_opens_the_page_of_its_purpose_for_its_owner_alone(
    client: FlaskClient, installation: Installation, people: dict[str, int], purpose: str, page: str
) -> None:
    for name, number in people.items():
        before = dict(kept(installation))
        token = _token(installation, purpose, number)
        # What a form posts about another is not looked at.
        form = {"cadence": "daily", "id": str(people["eve"]), "email": "eve@example.org"}
        answers = [
            client.get(PAGES[page] + token),
            client.post(PAGES[page] + token, data=form),
        ]
        after = dict(kept(installation))
        changed = {who for who in after if after[who] != before[who]}
        if page == purpose:
            assert [answer.status_code for answer in answers] == [200, 200]
            assert changed <= {name}
            assert all(
                f"{other}@example.org" not in answer.text
                for other in people.keys() - {name}
                for answer in answers
            )
        else:
            assert [answer.status_code for answer in answers] == [404, 404]
            assert changed == set()


def test_no_number_is_a_token(client: FlaskClient, people: dict[str, int]) -> None:
    for page in PAGES.values():
        for number in people.values():
            assert client.post(f"{page}{number}").status_code == 404


def test_a_token_of_another_newsletter_is_none(client: FlaskClient, people: dict[str, int]) -> None:
    installation = client.application.extensions["newsletter"]
    elsewhere = type(installation.signer)("x" * 40)
    with installation.db.read() as session:
        ben = session.get_one(Subscriber, people["ben"])
    for purpose, page in PAGES.items():
        for token in (token_of(elsewhere, purpose, ben), elsewhere.sign(purpose, str(ben.id))):
            assert client.post(page + token).status_code == 404


def _token(installation: Installation, purpose: str, number: int) -> str:
    if purpose not in PAGES:
        return installation.signer.sign(purpose, str(number))
    with installation.db.read() as session:
        return token_of(installation.signer, purpose, session.get_one(Subscriber, number))


def kept(installation: Installation) -> Iterator[tuple[str, Any]]:
    """What is kept of each person, by name."""
    with installation.db.read() as session:
        for person in session.scalars(select(Subscriber)):
            name = person.address.partition("@")[0]
            yield name, (person.status, person.cadence, person.confirmed_at, person.left_at)
