"""The calendar of Mondays, read by a parser that did not write it (vobject)."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
import vobject
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models import Issue
from newsletter.models.dataset import Version
from newsletter.models.issue import IssueState, Kind
from tests import factories

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLANNED = date(2026, 11, 30)
HIDDEN = "The Nile, opened"


@pytest.fixture(autouse=True)
def tuesday() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def planned(seeded: Installation) -> Installation:
    """The penguins went out; a Monday is planned; others are past, or of another kind."""
    with seeded.db.write() as session:
        version = session.scalars(select(Version)).one()
        written = {"subject": HIDDEN, "preheader": "Secret until then", "intro": "Not yet"}
        factories.issue(session, version, PLANNED, IssueState.PLANNED, **written)
        factories.issue(session, version, date(2026, 11, 16), IssueState.LATE)
        factories.issue(session, version, date(2025, 11, 17))
        factories.issue(session, version, date(2026, 12, 2), IssueState.PLANNED,
                        kind=Kind.CORRECTION)  # fmt: skip
    return seeded


def events(client: FlaskClient) -> dict[date, vobject.base.Component]:
    response = client.get("/calendar.ics")
    assert response.content_type == "text/calendar; charset=utf-8"
    read = vobject.readOne(response.text)
    read.validate(raiseException=True)
    return {event.dtstart.value: event for event in read.contents.get("vevent", [])}


def monday(session: Session) -> Issue:
    return calendar.get(session, PLANNED)


@pytest.mark.usefixtures("planned")
def test_it_has_the_coming_mondays_and_the_last_year(client: FlaskClient) -> None:
    assert list(events(client)) == [PLANNED, date(2026, 11, 23)]


@pytest.mark.usefixtures("planned")
def test_a_title_is_hidden_until_it_is_published(
    client: FlaskClient, planned: Installation
) -> None:
    text = client.get("/calendar.ics").text
    for secret in (HIDDEN, "Secret", "Not yet"):
        assert secret not in text
    shown = events(client)
    assert shown[PLANNED].summary.value == "Dataset Daily"
    assert shown[PLANNED].url.value == "https://news.example.org/"
    sent = shown[date(2026, 11, 23)]
    assert sent.summary.value == "Dataset Daily: The penguins of the archipelago"
    assert sent.url.value == "https://news.example.org/issues/2026-11-23"
    with planned.db.write() as session:
        calendar.begin(session, monday(session), NOW, [IssueState.PLANNED])
    assert events(client)[PLANNED].summary.value == f"Dataset Daily: {HIDDEN}"


@pytest.mark.usefixtures("planned")
def test_an_event_keeps_its_uid_and_each_step_is_a_revision(
    client: FlaskClient, planned: Installation
) -> None:
    first = events(client)[PLANNED]
    assert first.sequence.value == "0"
    assert first.dtstamp.value == first.last_modified.value == factories.LONG_AGO
    with planned.db.write() as session:
        calendar.edit(session, monday(session), "Another subject", "", "")
    assert client.get("/calendar.ics").text.count("SEQUENCE:0") == 1  # nothing that is shown
    with planned.db.write() as session:
        calendar.begin(session, monday(session), NOW, [IssueState.PLANNED])
    second = events(client)[PLANNED]
    with planned.db.write() as session:
        calendar.cancel(session, monday(session), NOW + timedelta(hours=1))
    third = events(client)[PLANNED]
    assert [event.sequence.value for event in (second, third)] == ["1", "2"]
    assert second.dtstamp.value == second.last_modified.value == NOW
    assert third.last_modified.value == NOW + timedelta(hours=1)
    assert [event.status.value for event in (second, third)] == ["CONFIRMED", "CANCELLED"]
    assert len({event.uid.value for event in (first, second, third)}) == 1
    assert first.uid.value.endswith("@news.example.org")


@pytest.mark.usefixtures("planned")
def test_a_slot_that_is_taken_again_is_another_event(
    client: FlaskClient, planned: Installation
) -> None:
    before = events(client)[PLANNED]
    with planned.db.write() as session:
        version = monday(session).version
        assert version is not None
        calendar.cancel(session, monday(session), NOW)
        calendar.plan(session, PLANNED, version, NOW.date(), NOW)
    after = events(client)[PLANNED]
    assert after.uid.value != before.uid.value
    assert (after.sequence.value, after.status.value) == ("0", "CONFIRMED")


@pytest.mark.usefixtures("planned")
def test_each_line_is_as_rfc_5545_has_it(client: FlaskClient, planned: Installation) -> None:
    with planned.db.write() as session:
        written = "Été; a, b \\ c\nand more\x07 " * 4
        version = monday(session).version
        assert version is not None
        factories.issue(session, version, date(2026, 11, 9), subject=written)
    data = client.get("/calendar.ics").data
    lines = data.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    assert [line for line in lines if line.startswith((b"BEGIN:VCAL", b"VERSION", b"PRODID"))] == [
        b"BEGIN:VCALENDAR", b"VERSION:2.0", b"PRODID:-//Dataset Daily//Mondays//EN",
    ]  # fmt: skip
    said = events(client)[date(2026, 11, 9)].summary.value
    assert said == f"Dataset Daily: {written.replace(chr(7), chr(0xFFFD))}"
    days = [line for line in lines if line.startswith(b"DTSTART")]
    assert set(days) >= {b"DTSTART;VALUE=DATE:20261130", b"DTSTART;VALUE=DATE:20261109"}


@pytest.mark.usefixtures("planned")
def test_the_same_calendar_is_the_same_bytes(client: FlaskClient) -> None:
    first = client.get("/calendar.ics")
    again = client.get("/calendar.ics", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert first.headers["Access-Control-Allow-Origin"] == "*"


def test_a_calendar_without_mondays_is_still_one(client: FlaskClient) -> None:
    assert events(client) == {}
