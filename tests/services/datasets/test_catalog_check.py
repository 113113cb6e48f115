import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from newsletter import clock
from newsletter.engine.tasks.worker import run_until_idle, running_beside
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.models.catalog_check import CatalogCheckWeek
from newsletter.models.task import TaskState
from newsletter.services.datasets.catalog_check import findings_of, start_check, start_weekly_check
from newsletter.tasks import queueing
from tests import factories


def test_a_check_that_was_promised_has_its_findings(checked: Installation) -> None:
    with checked.db.write() as session:
        task = start_check(session, ["penguins"], "ada", clock.now())
        again = start_check(session, ["penguins"], "ben", clock.now())
    assert again.id == task.id
    run_until_idle(checked)
    with checked.db.read() as session:
        done = queueing.get(session, task.id)
    assert done.state is TaskState.DONE
    assert {finding.slug for finding in findings_of(done)} == {"penguins"}
    assert done.lines[-1]["text"].startswith("Findings: ")


def test_a_dataset_that_is_not_there_is_refused_before_anything_is_promised(
    checked: Installation,
) -> None:
    with pytest.raises(NotFound), checked.db.write() as session:
        start_check(session, ["gulls"], "ada", clock.now())


def test_the_weekly_check_waits_for_one_that_a_person_asked_for(checked: Installation) -> None:
    now = clock.now()
    with checked.db.write() as session:
        task = start_check(session, [], "ada", now)
        assert start_weekly_check(session, "2026-W48", now)
        assert not start_weekly_check(session, "2026-W48", now)
        weekly = queueing.get(session, task.id + 1)
        assert weekly.lock == task.lock
        assert weekly.started_by == "the clock"
    run_until_idle(checked)
    with checked.db.read() as session:
        assert queueing.get(session, weekly.id).state is TaskState.DONE
        week = session.get_one(CatalogCheckWeek, "2026-W48")
    assert week.finished_at is not None


def test_a_check_is_cancelled_while_a_server_is_silent(checked: Installation) -> None:
    """The server takes the connection, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host, port = silent.getsockname()
        allowed = replace(checked.settings, fetch_hosts=frozenset({host}))
        opened = replace(checked, settings=allowed)
        with opened.db.write() as session:
            url = f"http://{host}:{port}/a"
            sources = [{"title": "It", "url": url, "retrieved": "2026-11-02"}]
            factories.dataset(session, opened.storage, "auks", sources=sources)
            task_id = start_check(session, ["auks"], "ada", clock.now()).id
        with running_beside(opened):
            connection, _ = silent.accept()
            with connection, opened.db.write() as session:
                queueing.cancel(session, task_id, "ada", clock.now())
            with opened.db.read() as session:
                task = queueing.get(session, task_id)
                while task.is_unfinished:
                    session.rollback()
                    task = queueing.get(session, task_id)
    assert task.state is TaskState.CANCELLED
    assert task.finished_at is not None
    assert task.cancel_requested_at is not None
    assert task.finished_at - task.cancel_requested_at < timedelta(seconds=2)
