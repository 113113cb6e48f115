"""Tasks at the command line: promised, watched, cancelled, tried again, or waited for.

The first one of the home is the import of its subscribers.
"""

from tests.cli.conftest import Shell


def test_a_check_in_the_background_is_done_by_a_worker(shell: Shell) -> None:
    promise = shell.done("dataset", "check", "--background")
    assert promise == "Task 2: `newsletter task watch 2` shows how far it is.\n"
    task, _ = shell.read("task", "list")
    assert (task["id"], task["state"], task["started_by"]) == (2, "queued", "the command line")
    shell.done("worker", "--once")
    assert shell.done("task", "watch", "2") == "Task 2 is done.\n"
    task = shell.read("task", "show", "2")
    assert task["result"]["findings"][0]["slug"] == "kenya-rain"
    assert "Findings: 1; to mend: 0." in shell.done("task", "show", "2")
    assert "Check the catalog" in shell.done("task", "list", "--state", "done")


def test_a_check_in_the_foreground_is_on_the_record_too(shell: Shell) -> None:
    shell.done("dataset", "check", "kenya-rain")
    task, _ = shell.read("task", "list")
    assert (task["state"], task["arguments"]) == ("done", {"slugs": ["kenya-rain"]})


def test_one_that_waits_is_cancelled_and_tried_again(shell: Shell) -> None:
    shell.done("dataset", "check", "--background")
    assert shell.done("task", "cancel", "2") == "Task 2 is cancelled.\n"
    assert "nothing left to cancel" in shell.refused("task", "cancel", "2")
    assert "Task 2 is cancelled" in shell.refused("task", "watch", "2")
    assert shell.read("task", "retry", "2")["state"] == "queued"
    assert "only one that failed" in shell.refused("task", "retry", "2")
    shell.done("worker", "--once")
    assert shell.read("task", "show", "2")["state"] == "done"


def test_one_that_is_not_there_is_refused(empty: Shell) -> None:
    empty.done("db", "upgrade")
    assert "There is no task 9" in empty.refused("task", "show", "9")
    assert empty.done("task", "list") == "There is none yet.\n"
