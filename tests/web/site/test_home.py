"""The front page."""

from datetime import date

from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from tests import factories


def test_before_the_first_issue_it_invites(client: FlaskClient) -> None:
    text = client.get("/").text
    assert "The first issue is on its way" in text
    assert 'action="/subscribe"' in text


def test_it_shows_this_weeks_dataset(client: FlaskClient, seeded: Installation) -> None:
    text = client.get("/").text
    assert "Monday 23 November 2026" in text
    assert "The penguins of the archipelago" in text
    assert 'alt="Bill length of three species as bars."' in text
    assert "6 rows × 4 columns" in text
    assert 'href="/issues/2026-11-23"' in text


def test_a_planned_issue_is_not_shown(client: FlaskClient, seeded: Installation) -> None:
    with seeded.db.write() as session:
        secret = factories.dataset(session, seeded.storage, "secret", title="Next week’s secret")
        factories.issue(session, secret, date(2026, 11, 30), IssueState.PLANNED, subject="Hush")
    text = client.get("/").text
    assert "Hush" not in text
    assert "Monday 23 November 2026" in text


def test_recent_datasets_do_not_repeat_the_lead(client: FlaskClient, seeded: Installation) -> None:
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "nile", title="The year the Nile changed")
    text = client.get("/").text
    catalog = text[text.index("From the catalog") :]
    assert "The year the Nile changed" in catalog
    assert "The penguins" not in catalog


def test_a_curators_intro_stands_for_the_description(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        factories.issue(session, version, intro="A *word* before.")
    text = client.get("/").text
    assert "A <em>word</em> before." in text
    assert "Each row is one penguin" not in text
