"""Asking for a subscription."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.installation import Installation
from newsletter.models import Consent
from newsletter.web.site.form_token import HONEYPOT
from newsletter.web.site.subscribe import WORDING
from tests.web.conftest import notices


def test_it_asks_the_owner_to_confirm(client: FlaskClient, installation: Installation) -> None:
    response = client.post("/subscribe", data={"email": " Ann@Example.org "})
    assert response.status_code == 200
    assert "Check your inbox" in response.text
    assert notices(installation) == ["Ann@example.org"]


def test_it_keeps_the_wording_that_was_shown(
    client: FlaskClient, installation: Installation
) -> None:
    assert WORDING in client.get("/subscribe").text
    client.post("/subscribe", data={"email": "ann@example.org"})
    with installation.db.read() as session:
        consent = session.scalars(select(Consent)).one()
        assert (consent.form, consent.wording) == ("site", WORDING)
        assert consent.ip_hash is not None
        assert "127.0.0.1" not in consent.ip_hash


@pytest.mark.parametrize("typed", ["ann", "ann@", "", "a b@example.org", '"><script>@example.org'])
def test_an_invalid_address_comes_back_with_a_sentence(
    client: FlaskClient, installation: Installation, typed: str
) -> None:
    response = client.post("/subscribe", data={"email": typed})
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert "<script>" not in response.text
    assert notices(installation) == []


def test_what_was_typed_is_not_lost(client: FlaskClient) -> None:
    text = client.post("/subscribe", data={"email": "ann at example.org"}).text
    assert 'value="ann at example.org"' in text
    assert 'aria-invalid="true"' in text


def test_a_program_that_fills_every_field_gets_nothing(
    client: FlaskClient, installation: Installation
) -> None:
    fields = {"email": "ann@example.org", HONEYPOT: "https://spam.example"}
    response = client.post("/subscribe", data=fields)
    assert response.text == client.post("/subscribe", data={"email": "bob@example.org"}).text
    assert notices(installation) == ["bob@example.org"]


def test_one_visitor_can_ask_ten_times_an_hour(
    client: FlaskClient, installation: Installation
) -> None:
    for n in range(10):
        assert client.post("/subscribe", data={"email": f"a{n}@example.org"}).status_code == 200
    response = client.post("/subscribe", data={"email": "one-more@example.org"})
    assert response.status_code == 429
    assert "Try again in an hour" in response.text
    assert response.headers["Retry-After"] == "3600"
    assert len(notices(installation)) == 10
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    ok = client.post("/subscribe", data={"email": "b@example.org"}, environ_base=elsewhere)
    assert ok.status_code == 200


def test_a_network_has_a_limit_of_its_own(client: FlaskClient) -> None:
    codes = [
        client.post(
            "/subscribe",
            data={"email": f"a{n}@example.org"},
            environ_base={"REMOTE_ADDR": f"8.8.8.{n}"},
        ).status_code
        for n in range(61)
    ]
    assert codes == [200] * 60 + [429]


def test_reading_the_form_is_never_limited(client: FlaskClient) -> None:
    assert {client.get("/subscribe").status_code for _ in range(12)} == {200}
