"""Comparisons that pages and feeds show are made before somebody asks for them."""

from sqlalchemy import select

from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.jobs import compare_versions
from newsletter.models.dataset import Erratum
from newsletter.models.task import Task
from tests import factories
from tests.jobs.conftest import NOW


def compared(installation: Installation) -> list[tuple[str, str]]:
    with installation.db.read() as session:
        tasks = session.scalars(select(Task).order_by(Task.id))
        return [(task.arguments["before"], task.arguments["after"]) for task in tasks]


def test_versions_that_follow_each_other_and_what_was_wrong(installation: Installation) -> None:
    with installation.db.write() as session:
        wrong = factories.dataset(session, installation.storage)
        for number in ("2.0.0", "3.0.0"):
            text = factories.PENGUINS.replace("46.5", f"46.{number[0]}")
            right = factories.newer(session, installation.storage, "penguins", number, text)
        note = "A bill was wrong."
        erratum = Erratum(version=wrong, corrected_by=right, note=note, published_at=NOW)
        session.add(erratum)
    compare_versions(installation, NOW)
    pairs = [("2.0.0", "3.0.0"), ("1.0.0", "2.0.0"), ("1.0.0", "3.0.0")]
    assert compared(installation) == pairs
    run_until_idle(installation)
    compare_versions(installation, NOW)
    assert compared(installation) == pairs
