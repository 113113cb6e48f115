import pytest

from newsletter import clock
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.models.task import TaskState
from newsletter.services.catalog_check import findings_of, start_check
from newsletter.tasks import queueing


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
