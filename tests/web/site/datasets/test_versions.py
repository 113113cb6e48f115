"""What changed between two versions: shown where it was computed, else made by one task."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import QueuePool, event, select

from newsletter.catalog.versions import changes
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from newsletter.models.task import Task
from newsletter.services.datasets import derived_files
from tests import factories

PAGE = "/datasets/penguins/v/1.0.0..2.0.0"


@pytest.fixture
def versions(installation: Installation) -> Installation:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
        text = factories.PENGUINS.replace("46.5", "46.6")
        factories.newer(session, installation.storage, "penguins", "2.0.0", text)
    return installation


def tasks(installation: Installation) -> list[Task]:
    with installation.db.read() as session:
        return list(session.scalars(select(Task)))


def test_a_comparison_is_made_by_one_task_whoever_asks(
    versions: Installation, client: FlaskClient
) -> None:
    for _ in range(3):
        answer = client.get(PAGE)
        assert answer.status_code == 202
        assert "This comparison is being made." in answer.text
        assert answer.headers["Refresh"] == "3"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    assert len(tasks(versions)) == 1
    run_until_idle(versions)
    answer = client.get(PAGE)
    assert answer.status_code == 200
    assert "Statistics that moved" in answer.text
    assert "Refresh" not in answer.headers


def test_nothing_is_computed_in_a_request(
    versions: Installation, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "compare_tables", lambda *_: pytest.fail("computed"))
    for path in (PAGE, "/datasets/penguins", "/datasets/penguins/v/1.0.0/", "/feed.atom"):
        assert client.get(path).status_code in (200, 202)


def test_where_too_many_wait_it_is_refused_for_a_moment(
    versions: Installation, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(derived_files, "MOST", 0)
    answer = client.get(PAGE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert derived_files.TRY_LATER in answer.text
    assert tasks(versions) == []


@pytest.mark.parametrize("numbers", ["2.0.0..1.0.0", "1.0.0..9.0.0", "1.0.0..1.0.0"])
def test_what_is_no_pair_starts_nothing(
    versions: Installation, client: FlaskClient, numbers: str
) -> None:
    assert client.get(f"/datasets/penguins/v/{numbers}").status_code == 404
    assert tasks(versions) == []


def test_a_draft_is_not_compared_for_readers(versions: Installation, client: FlaskClient) -> None:
    with versions.db.write() as session:
        draft = factories.newer(session, versions.storage, "penguins", "3.0.0", "a\n1\n")
        draft.state, draft.published_at = VersionState.DRAFT, None
    assert client.get("/datasets/penguins/v/1.0.0..3.0.0").status_code == 404
    assert tasks(versions) == []


def test_the_page_says_what_changed_once_it_is_known(
    versions: Installation, client: FlaskClient
) -> None:
    line = "+1 row, −1 row"
    before = client.get("/datasets/penguins").text
    assert line not in before
    assert f'<a href="{PAGE}">what changed</a>' in before
    client.get(PAGE)
    run_until_idle(versions)
    assert line in client.get("/datasets/penguins").text


def test_those_who_wait_hold_no_connection_that_others_need(
    versions: Installation, client: FlaskClient
) -> None:
    """Each asks for a transaction while no other of its own is open."""
    pool = versions.db.engine.pool
    assert isinstance(pool, QueuePool)
    most = 0

    def count(*_: object) -> None:
        nonlocal most
        most = max(most, pool.checkedout())

    event.listen(pool, "checkout", count)
    assert client.get(PAGE).status_code == 202
    event.remove(pool, "checkout", count)
    assert most == 1
