"""Confirming, choosing and leaving by the links of a mail."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from newsletter import clock
from newsletter.audience import links
from newsletter.audience.privacy import erase
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.models.subscriber import Cadence, Status
from newsletter.settings import Settings
from newsletter.web.app import create_app
from tests import factories
from tests.conftest import BASE_URL


class Ann:
    """A subscriber and the links that her mails carry."""

    def __init__(self, installation: Installation, status: Status) -> None:
        self._installation = installation
        signer = installation.signer
        with installation.db.write() as session:
            ann = factories.subscriber(session, signer, "ann@example.org", status)
        self.id = ann.id
        self.confirm = f"/confirm/{links.confirm_token(signer, ann, clock.now())}"
        self.preferences = f"/preferences/{links.token_of(signer, links.PREFERENCES, ann)}"
        self.unsubscribe = f"/unsubscribe/{links.token_of(signer, links.UNSUBSCRIBE, ann)}"

    def now(self) -> Subscriber:
        with self._installation.db.write() as session:
            found = session.get(Subscriber, self.id)
            assert found is not None
            return found


@pytest.fixture
def ann(installation: Installation) -> Ann:
    return Ann(installation, Status.ACTIVE)


@pytest.fixture
def pending(installation: Installation) -> Ann:
    return Ann(installation, Status.PENDING)


def test_the_button_confirms_and_offers_the_preferences(client: FlaskClient, pending: Ann) -> None:
    assert "<button" in client.get(pending.confirm).text
    assert pending.now().status is Status.PENDING
    response = client.post(pending.confirm)
    assert response.status_code == 200
    assert pending.preferences in response.text
    assert pending.now().status is Status.ACTIVE


def test_confirming_twice_is_confirming_once(client: FlaskClient, pending: Ann) -> None:
    client.post(pending.confirm)
    first = pending.now().confirmed_at
    assert client.post(pending.confirm).status_code == 200
    assert pending.now().confirmed_at == first


def test_an_expired_link_offers_to_ask_again(
    client: FlaskClient, installation: Installation, pending: Ann
) -> None:
    long_ago = clock.now() - links.CONFIRM_FOR - timedelta(minutes=1)
    token = links.confirm_token(installation.signer, pending.now(), long_ago)
    for response in (client.get(f"/confirm/{token}"), client.post(f"/confirm/{token}")):
        assert response.status_code == 410
        assert 'action="/subscribe"' in response.text
    assert pending.now().status is Status.PENDING


@pytest.mark.parametrize("page", ["confirm", "preferences", "unsubscribe"])
def test_a_link_that_is_not_ours_is_nowhere(client: FlaskClient, ann: Ann, page: str) -> None:
    for token in ("x", "AAAA", "%00", ann.preferences[13:-1] + "A", "a" * 300):
        assert client.get(f"/{page}/{token}").status_code == 404
        assert client.post(f"/{page}/{token}").status_code == 404


def test_a_token_opens_only_its_own_page(client: FlaskClient, ann: Ann) -> None:
    token = ann.preferences.removeprefix("/preferences/")
    assert client.post(f"/unsubscribe/{token}").status_code == 404
    assert client.post(f"/confirm/{token}").status_code == 404
    assert ann.now().status is Status.ACTIVE


def test_preferences_are_saved_and_shown(client: FlaskClient, ann: Ann) -> None:
    response = client.post(ann.preferences, data={"cadence": "daily", "timezone": "Europe/Lisbon"})
    assert response.status_code == 200
    assert "Your preferences are saved." in response.text
    assert '<option value="Europe/Lisbon" selected>' in response.text
    assert (ann.now().cadence, ann.now().timezone) == (Cadence.DAILY, "Europe/Lisbon")


@pytest.mark.parametrize(
    ("send_at", "sentence"),
    [
        ("mon 08:30 local", "Mail comes at 08:30 there."),
        ("mon 08:30", "goes out to everybody at 08:30 in the newsletter’s own"),
    ],
)
def test_the_time_zone_says_what_it_is_for(
    environ: dict[str, str], installation: Installation, ann: Ann, send_at: str, sentence: str
) -> None:
    settings = Settings.load(
        environ | {"NEWSLETTER_SEND_AT": send_at, "NEWSLETTER_TIMEZONE": "America/New_York"}
    )
    client = create_app(replace(installation, settings=settings)).test_client()
    text = client.get(ann.preferences, base_url=BASE_URL).text
    assert sentence in text
    assert "own (New York)</option>" in text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cadence": "hourly", "timezone": ""}, "Choose Mondays only"),
        ({"cadence": "daily", "timezone": "Mars/Olympus"}, "Choose a time zone of the list"),
        ({}, "Choose Mondays only"),
    ],
)
def test_wrong_preferences_change_nothing(
    client: FlaskClient, ann: Ann, fields: dict[str, str], sentence: str
) -> None:
    response = client.post(ann.preferences, data=fields)
    assert response.status_code == 422
    assert sentence in response.text
    assert (ann.now().cadence, ann.now().timezone) == (Cadence.MONDAY, None)


def test_whoever_left_finds_the_way_back(client: FlaskClient, ann: Ann) -> None:
    client.post(ann.unsubscribe)
    text = client.get(ann.preferences).text
    assert 'href="/subscribe"' in text
    assert "<form" not in text


ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
)
def test_one_click_unsubscribes_at_once(client: FlaskClient, ann: Ann, kind: str) -> None:
    body = ONE_CLICK if kind != "text/plain" else b"List-Unsubscribe=One-Click"
    response = client.post(ann.unsubscribe, data=body, content_type=kind)
    assert response.status_code == 200
    assert "Location" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert ann.now().status is Status.UNSUBSCRIBED


def test_unsubscribing_again_is_fine(client: FlaskClient, ann: Ann) -> None:
    client.post(ann.unsubscribe, data=ONE_CLICK)
    left = ann.now().left_at
    assert client.post(ann.unsubscribe, data=ONE_CLICK).status_code == 200
    assert ann.now().left_at == left


def test_mail_providers_are_not_limited(client: FlaskClient, ann: Ann) -> None:
    codes = {client.post(ann.unsubscribe, data=ONE_CLICK).status_code for _ in range(80)}
    assert codes == {200}


@pytest.mark.parametrize("page", ["confirm", "preferences", "unsubscribe"])
def test_the_secret_in_the_address_is_not_passed_on(
    client: FlaskClient, ann: Ann, page: str
) -> None:
    response = client.get(getattr(ann, page))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Robots-Tag"] == "noindex"
    assert "ann@example.org" not in response.text
    assert "a…@example.org" in response.text


def test_whoever_was_erased_has_nothing_left_to_leave(
    client: FlaskClient, ann: Ann, installation: Installation
) -> None:
    with installation.db.write() as session:
        erase(session, session.get_one(Subscriber, ann.id), clock.now())
    answer = client.post(ann.unsubscribe)
    assert answer.status_code == 200
    assert "You are unsubscribed" in answer.text
