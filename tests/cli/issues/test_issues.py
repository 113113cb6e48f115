from email import message_from_bytes, policy
from pathlib import Path

import pytest
import time_machine

from newsletter.catalog import datasets
from newsletter.db import Database
from newsletter.models.post import PostState
from tests import factories
from tests.cli.conftest import Shell

MONDAY = "2026-11-23"
PLAN = ("issue", "plan", "--date", MONDAY, "--dataset", "kenya-rain")


@pytest.fixture
def planned(shell: Shell) -> Shell:
    """A shell where the rain is planned for Monday 23 November at nine."""
    shell.done(*PLAN)
    return shell


def _state(shell: Shell) -> str:
    state: str = shell.read("issue", "show", MONDAY)["state"]
    return state


def test_planning_says_when_sending_begins(shell: Shell) -> None:
    assert "2026-11-23 09:00 UTC" in shell.done(*PLAN)
    assert _state(shell) == "planned"


@pytest.mark.parametrize(
    ("day", "slug", "why"),
    [
        ("2026-11-24", "kenya-rain", "choose a Monday, such as 2026-11-23"),
        ("2026-11-16", "kenya-rain", "has passed"),
        (MONDAY, "nothing", "There is no dataset"),
    ],
)
def test_planning_refuses(shell: Shell, day: str, slug: str, why: str) -> None:
    assert why in shell.refused("issue", "plan", "--date", day, "--dataset", slug)
    assert "none" in shell.done("issue", "list")


@pytest.fixture
def with_post(shell: Shell) -> Shell:
    """A shell in whose house a post on the rain waits for a day."""
    db = Database(f"sqlite:///{shell.folder}/instance/newsletter.db")
    with db.write() as session:
        version = datasets.newest(session, "kenya-rain")
        factories.post(session, version, "rain-in-may", PostState.DRAFT, title="Rain in May")
    db.close()
    return shell


def test_a_post_is_planned_for_a_day_that_is_no_monday(with_post: Shell) -> None:
    plan = ("issue", "plan", "--post", "rain-in-may", "--date")
    assert "2026-11-24 09:00 UTC" in with_post.done(*plan, "2026-11-24")
    shown = with_post.read("issue", "show", "2026-11-24", "--kind", "post")
    assert (shown["post"], shown["dataset"]) == ("rain-in-may", "kenya-rain")
    assert shown["subject"] == "Rain in May"
    assert "is planned for 2026-11-24" in with_post.refused(*plan, "2026-11-25")
    assert "choose another day" in with_post.refused(*plan, MONDAY)
    unknown = ("issue", "plan", "--post", "nothing", "--date", "2026-11-24")
    assert "There is no post" in with_post.refused(*unknown)


@pytest.mark.parametrize("what", [(), ("--dataset", "kenya-rain", "--post", "rain-in-may")])
def test_one_thing_is_planned_at_a_time(shell: Shell, what: tuple[str, ...]) -> None:
    result = shell("issue", "plan", "--date", MONDAY, *what)
    assert result.exit_code == 2
    assert "either --dataset or --post" in result.stderr


def test_a_monday_is_planned_once(planned: Shell) -> None:
    assert MONDAY in planned.refused(*PLAN)


@pytest.mark.parametrize("day", ["tomorrow", "2026-11-31", "23.11.2026"])
def test_what_is_no_date_is_wrong_usage(shell: Shell, day: str) -> None:
    result = shell("issue", "show", day)
    assert result.exit_code == 2
    assert "is no date" in result.stderr


def test_the_list_holds_what_is_planned(planned: Shell) -> None:
    (issue,) = planned.read("issue", "list")
    assert issue == {
        "date": MONDAY,
        "kind": "monday",
        "state": "planned",
        "dataset": "kenya-rain",
        "version": "1.0.0",
        "post": None,
        "subject": "Rain in Kenya",
    }
    assert "Rain in Kenya" in planned.done("issue", "list")
    assert "Rain in Kenya" in planned.done("issue", "show", MONDAY)


def test_a_preview_is_a_message_that_mail_programs_open(planned: Shell) -> None:
    planned.done("issue", "preview", MONDAY, "--to", "issue.eml")
    message = message_from_bytes(Path("issue.eml").read_bytes(), policy=policy.default)
    assert message["Subject"] == "Rain in Kenya"
    assert {part.get_content_type() for part in message.walk()} >= {"text/plain", "text/html"}
    assert _state(planned) == "planned"


def test_a_test_goes_to_one_address_and_begins_nothing(planned: Shell) -> None:
    planned.done("issue", "test", MONDAY, "--to", "me@example.org")
    planned.done("worker", "--once")
    (mail,) = planned.outbox
    assert b"[Test] Rain in Kenya" in mail.read_bytes()
    assert _state(planned) == "planned"


def test_before_its_moment_it_is_sent_only_on_a_word(planned: Shell) -> None:
    assert "--now" in planned.refused("issue", "send", MONDAY)
    assert planned.outbox == []
    said = planned.done("issue", "send", MONDAY, "--now")
    assert "2 candidates, 2 sent" in said
    assert "the balance holds" in said
    assert len(planned.outbox) == 2


def test_at_its_moment_it_is_sent(planned: Shell, friday: time_machine.Traveller) -> None:
    friday.move_to("2026-11-23T09:00:00+00:00")
    assert "2 sent" in planned.done("issue", "send", MONDAY)


def test_after_its_deadline_it_is_sent_only_on_a_word(
    planned: Shell, friday: time_machine.Traveller
) -> None:
    friday.move_to("2026-11-24T12:00:00+00:00")
    assert "deadline" in planned.refused("issue", "send", MONDAY)
    assert "2 sent" in planned.done("issue", "send", MONDAY, "--now")


def test_it_is_sent_once(planned: Shell) -> None:
    planned.done("issue", "send", MONDAY, "--now")
    assert "sent already" in planned.refused("issue", "send", MONDAY, "--now")
    assert len(planned.outbox) == 2


def test_a_server_that_does_not_answer_loses_nothing(planned: Shell) -> None:
    planned.environ["NEWSLETTER_MAIL_URL"] = f"maildir:{planned.folder}/rain.csv"
    assert "rain.csv" in planned.refused("issue", "send", MONDAY, "--now").splitlines()[-1]
    balance = planned.read("issue", "status", MONDAY)["balance"]
    assert balance["pending"] == 2
    planned.environ.pop("NEWSLETTER_MAIL_URL")
    planned.done("worker", "--once")
    assert len(planned.outbox) == 2


def test_the_status_is_the_balance(planned: Shell) -> None:
    planned.done("issue", "send", MONDAY, "--now")
    status = planned.read("issue", "status", MONDAY)
    assert status["state"] == "sent"
    assert status["balance"] == {
        "candidates": 2, "sent": 2, "failed": 0, "unknown": 0, "excluded": 0, "pending": 0,
        "holds": True,
    }  # fmt: skip


def test_watching_ends_with_the_issue(planned: Shell) -> None:
    planned.done("issue", "send", MONDAY, "--now")
    assert planned.done("issue", "status", MONDAY, "--watch").count("\n") == 1


def test_a_planned_issue_cannot_be_paused_or_resumed(planned: Shell) -> None:
    for word in ("pause", "resume"):
        assert "planned" in planned.refused("issue", word, MONDAY)


def test_a_paused_issue_waits_until_it_is_resumed(planned: Shell) -> None:
    planned.environ["NEWSLETTER_MAIL_URL"] = f"maildir:{planned.folder}/rain.csv"
    planned("issue", "send", MONDAY, "--now")
    planned.environ.pop("NEWSLETTER_MAIL_URL")
    planned.done("issue", "pause", MONDAY)
    planned.done("worker", "--once")
    assert planned.outbox == []
    planned.done("issue", "resume", MONDAY)
    planned.done("worker", "--once")
    assert len(planned.outbox) == 2


def test_a_cancelled_issue_is_not_sent(planned: Shell) -> None:
    planned.done("issue", "cancel", MONDAY)
    assert "cancelled already" in planned.refused("issue", "send", MONDAY, "--now")
    assert planned.outbox == []


@pytest.mark.parametrize("word", ["show", "status", "send", "pause", "resume", "cancel"])
def test_an_issue_that_is_not_there_is_refused(shell: Shell, word: str) -> None:
    assert "newsletter issue list" in shell.refused("issue", word, MONDAY)
