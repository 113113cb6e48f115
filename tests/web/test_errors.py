"""Errors as a visitor meets them: a calm page, a sentence, a way on; never a traceback."""

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from newsletter import errors
from newsletter.outages import OutageLog
from newsletter.web import errors as web_errors
from newsletter.web.errors import status_of


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("x"), 404),
        (errors.BadToken("x"), 404),
        (errors.ExpiredToken("x"), 410),
        (errors.SlotTaken("x"), 409),
        (errors.TooMany("x"), 429),
        (errors.TooLarge("x"), 413),
        (errors.Damaged("x"), 460),
        (errors.InvalidAddress("x"), 422),
        (errors.FetchRefused("x"), 422),
        (errors.Refused("x"), 422),
        (errors.TransportError("x"), 500),
    ],
)
def test_each_outcome_has_its_status(error: errors.NewsletterError, status: int) -> None:
    assert status_of(error) == status


def test_an_unknown_page_offers_a_way_on(client: FlaskClient) -> None:
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert "There is nothing here" in response.text
    assert 'href="/datasets/"' in response.text


def test_a_refusal_is_shown_in_its_own_words(new_app: Flask) -> None:
    @new_app.get("/taken")
    def taken() -> str:
        raise errors.SlotTaken("That Monday is taken: choose <another>.")

    response = new_app.test_client().get("/taken")
    assert response.status_code == 409
    assert "That Monday is taken: choose &lt;another&gt;." in response.text


def test_a_fault_of_ours_is_logged_and_not_shown(
    new_app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @new_app.get("/broken")
    def broken() -> str:
        raise RuntimeError("the secret is 42")

    with caplog.at_level(logging.ERROR):
        response = new_app.test_client().get("/broken")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Traceback" not in response.text
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_a_wrong_method_is_a_page_too(client: FlaskClient) -> None:
    response = client.post("/")
    assert response.status_code == 405
    assert "That did not work" in response.text


def test_while_the_database_is_away_it_is_said_calmly_and_logged_once(
    new_app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_errors, "outage", OutageLog())

    @new_app.get("/asks")
    def asks() -> str:
        create_engine("postgresql+psycopg://127.0.0.1:1/none").connect()
        raise AssertionError

    for _ in range(2):
        response = new_app.test_client().get("/asks")
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "60"
        assert "The database does not answer just now." in response.text
    (record,) = caplog.records
    assert record.message.startswith("waiting for the database: ")
    assert record.exc_info is None
