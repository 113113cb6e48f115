"""Planning an issue, writing its words, seeing it as a reader will, and sending it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models import Delivery, Issue, Notice, Version
from newsletter.models.dataset import VersionState
from newsletter.models.delivery import DeliveryState, NoticeKind
from newsletter.models.issue import IssueState, Kind
from newsletter.models.post import Post, PostState
from newsletter.models.subscriber import Status
from tests import factories
from tests.web.admin.conftest import CURATOR, Browser

TUESDAY = datetime(2026, 11, 24, 10, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
PAGE = f"/admin/issues/{MONDAY}"


@pytest.fixture(autouse=True)
def on_tuesday() -> Iterator[None]:
    with time_machine.travel(TUESDAY):
        yield


@pytest.fixture
def planned(installation: Installation, curator: Browser) -> Browser:
    """A curator, with the penguins on the next Monday and two active readers."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        calendar.plan(session, MONDAY, version, TUESDAY.date(), TUESDAY)
        for name in ("ann", "bob"):
            factories.subscriber(session, installation.signer, f"{name}@example.org")
        factories.subscriber(session, installation.signer, "gone@example.org", Status.BOUNCED)
    return curator


def state(installation: Installation) -> IssueState:
    with installation.db.read() as session:
        return session.scalars(select(Issue.state)).one()


def test_the_calendar_shows_twelve_mondays_free_or_taken(planned: Browser) -> None:
    page = planned.get("/admin/issues/").text
    assert page.count('<li class="free">') == 11
    assert page.count('<li class="planned">') == 1
    assert "Alert on Fri 4 December." in page


def test_a_dataset_is_put_on_a_free_monday(installation: Installation, planned: Browser) -> None:
    answer = planned.post("/admin/issues/", "/admin/issues/", slug="penguins", date="2026-12-07")
    assert answer.location == "/admin/issues/2026-12-07"
    with installation.db.read() as session:
        assert calendar.get(session, date(2026, 12, 7)).state is IssueState.PLANNED


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2026-11-30", "is taken by"),
        ("2026-12-01", "is a Tuesday"),
        ("2026-11-16", "has passed"),
        ("soon", "is no date"),
    ],
)
def test_a_day_that_cannot_be_taken_is_refused_with_why(
    planned: Browser, day: str, sentence: str
) -> None:
    answer = planned.post("/admin/issues/", "/admin/issues/", slug="penguins", date=day)
    assert sentence in planned.get(answer.location).text


def test_the_overview_says_that_the_next_monday_is_ready(planned: Browser) -> None:
    page = planned.get("/admin/").text
    assert "Ready. It goes out Mon 30 Nov 2026, 09:00, to 2 active subscribers." in page


def test_the_overview_says_what_the_next_monday_lacks(
    installation: Installation, planned: Browser
) -> None:
    with installation.db.write() as session:
        version = session.scalars(select(Version)).one()
        version.license, version.state = None, VersionState.DRAFT
    page = planned.get("/admin/").text
    assert "Not ready for Mon 30 Nov 2026, 09:00:" in page
    assert "It has no license" in page


def test_the_overview_says_that_the_next_monday_is_empty(curator: Browser) -> None:
    page = curator.get("/admin/").text
    assert "No dataset is planned" in page
    assert "/admin/issues/?date=2026-11-30" in page


def test_the_words_of_an_issue_are_kept_and_shown(planned: Browser) -> None:
    words = {"subject": "Simpson’s penguins", "preheader": "A paradox", "intro": "Look *twice*."}
    assert planned.post(PAGE, PAGE, **words).location == PAGE
    page = planned.get(PAGE).text
    assert 'value="Simpson’s penguins"' in page
    assert "Look *twice*." in page
    assert "<em>twice</em>" in planned.get(f"{PAGE}/preview.html").text


def test_a_subject_that_is_too_long_is_refused_and_not_lost(planned: Browser) -> None:
    answer = planned.post(PAGE, PAGE, subject="x" * 121, preheader="Kept", intro="Kept too")
    assert answer.status_code == 422
    assert 'id="subject-problem">At most 120 characters' in answer.text
    assert 'value="Kept"' in answer.text
    assert "x" * 121 in answer.text


def test_the_preview_is_a_sandboxed_document_with_its_chart_inside(planned: Browser) -> None:
    answer = planned.get(f"{PAGE}/preview.html")
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "default-src 'none'" in policy
    assert "data:image/png;base64," in answer.text
    assert "cid:" not in answer.text
    assert "\ufdd0" not in answer.text
    assert "frame-src 'self'" in planned.get(PAGE).headers["Content-Security-Policy"]


def test_the_plain_text_is_shown_too(planned: Browser) -> None:
    answer = planned.get(f"{PAGE}/preview.txt")
    assert answer.mimetype == "text/plain"
    assert "THE PENGUINS OF THE ARCHIPELAGO" in answer.text.upper()


def test_it_warns_of_what_a_careful_editor_would_see(planned: Browser) -> None:
    planned.post(PAGE, PAGE, subject="LOOK AT THESE PENGUINS", preheader="LOOK AT THESE PENGUINS")
    page = planned.get(PAGE).text
    assert "all in capitals" in page
    assert "The preheader repeats the subject" in page


def test_a_test_goes_to_whoever_asks_and_to_nobody_else(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/test", PAGE, address="ann@example.org")
    with installation.db.read() as session:
        notice = session.scalars(select(Notice)).one()
        assert (notice.kind, notice.address) == (NoticeKind.TEST, CURATOR)


def test_sending_now_is_asked_for_twice(installation: Installation, planned: Browser) -> None:
    assert f'href="{PAGE}/send"' in planned.get(PAGE).text
    assert "Send it to 2 subscribers" in planned.get(f"{PAGE}/send").text
    assert state(installation) is IssueState.PLANNED


def test_sending_now_freezes_the_issue_for_its_active_readers(
    installation: Installation, planned: Browser
) -> None:
    answer = planned.post(f"{PAGE}/send", f"{PAGE}/send")
    assert answer.location == f"{PAGE}/progress"
    with installation.db.read() as session:
        issue = session.scalars(select(Issue)).one()
        assert (issue.state, issue.candidates) == (IssueState.SENDING, 2)
        assert len(session.scalars(select(Delivery)).all()) == 2


def test_sending_twice_sends_once(installation: Installation, planned: Browser) -> None:
    token = planned.token(f"{PAGE}/send")
    for _ in range(2):
        answer = planned.send(f"{PAGE}/send", csrf_token=token)
    assert "is sending already" in planned.get(answer.location).text
    with installation.db.read() as session:
        assert len(session.scalars(select(Delivery)).all()) == 2


def test_an_issue_that_is_not_ready_is_not_sent_and_says_why(
    installation: Installation, planned: Browser
) -> None:
    with installation.db.write() as session:
        version = session.scalars(select(Version)).one()
        version.license, version.state = None, VersionState.DRAFT
    answer = planned.post(f"{PAGE}/send", f"{PAGE}/send")
    assert "cannot be published yet" in planned.get(answer.location).text
    assert state(installation) is IssueState.PLANNED


def test_a_frozen_issue_is_shown_as_it_was_frozen(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    with installation.db.write() as session:
        session.scalars(select(Version)).one().description = "Changed after the fact."
    assert "Changed after" not in planned.get(f"{PAGE}/preview.html").text
    assert "Changed after" not in planned.get(f"{PAGE}/preview.txt").text
    assert "THE PENGUINS" in planned.get(f"{PAGE}/preview.txt").text.upper()
    refused = planned.post(PAGE, PAGE, subject="Late", preheader="", intro="")
    assert refused.status_code == 422
    assert "is frozen" in refused.text


def test_a_send_is_paused_resumed_and_cancelled(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    planned.post(f"{PAGE}/pause", PAGE)
    assert state(installation) is IssueState.PAUSED
    assert "A curator paused it." in planned.get(f"{PAGE}/progress").text
    planned.post(f"{PAGE}/resume", PAGE)
    assert state(installation) is IssueState.SENDING
    assert "cannot be resumed" in planned.get(f"{PAGE}/cancel").text
    planned.post(f"{PAGE}/cancel", f"{PAGE}/cancel")
    assert state(installation) is IssueState.CANCELLED


def test_a_planned_issue_that_is_cancelled_gives_its_monday_back(planned: Browser) -> None:
    answer = planned.post(f"{PAGE}/cancel", f"{PAGE}/cancel")
    assert answer.location == "/admin/issues/"
    assert planned.get("/admin/issues/").text.count('<li class="free">') == 12
    again = planned.post("/admin/issues/", "/admin/issues/", slug="penguins", date=str(MONDAY))
    assert again.location == PAGE


def test_the_watch_page_shows_the_balance_and_looks_again(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    with installation.db.write() as session:
        first, second = session.scalars(select(Delivery).order_by(Delivery.id))
        first.state, first.settled_at = DeliveryState.SENT, TUESDAY
        second.state, second.reason = DeliveryState.FAILED, "dead"
        second.reply, second.settled_at = "550 5.1.1 <script>alert(1)</script>", TUESDAY
        second.not_before = None
    answer = planned.get(f"{PAGE}/progress")
    assert answer.headers["Refresh"] == "3"
    assert "holds: each of the 2 candidates is accounted for." in answer.text
    assert "bob@example.org" in answer.text
    assert "there is no such address" in answer.text
    assert "550 5.1.1 &lt;script&gt;" in answer.text


def test_the_watch_page_stops_looking_when_the_send_is_over(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    planned.post(f"{PAGE}/pause", PAGE)
    assert "Refresh" not in planned.get(f"{PAGE}/progress").headers


def test_a_balance_that_does_not_hold_is_said_loudly(
    installation: Installation, planned: Browser
) -> None:
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    with installation.db.write() as session:
        session.scalars(select(Issue)).one().candidates = 3
    assert "The balance does not hold" in planned.get(f"{PAGE}/progress").text


def test_a_late_issue_waits_for_a_word(installation: Installation, planned: Browser) -> None:
    with installation.db.write() as session:
        session.scalars(select(Issue)).one().state = IssueState.LATE
    assert "its deadline has passed" in planned.get(PAGE).text
    assert "Send it now, or cancel it." in planned.get("/admin/").text
    planned.post(f"{PAGE}/send", f"{PAGE}/send")
    assert state(installation) is IssueState.SENDING


@pytest.mark.parametrize("day", ["2026-11-31", "20261130", "2026-W49-1", "monday", "2026-12-28"])
def test_a_day_without_an_issue_is_not_found(planned: Browser, day: str) -> None:
    for page in ("", "/send", "/cancel", "/progress", "/preview.html", "/preview.txt"):
        assert planned.get(f"/admin/issues/{day}{page}").status_code == 404
    for action in ("", "/send", "/cancel", "/pause", "/resume", "/test"):
        assert planned.post(f"/admin/issues/{day}{action}").status_code == 404


def test_an_alert_that_was_sent_is_shown_on_the_calendar(
    installation: Installation, curator: Browser
) -> None:
    with installation.db.write() as session:
        session.add(
            Notice(
                kind=NoticeKind.ALERT,
                address=CURATOR,
                once=f"empty-monday {MONDAY} 2026-11-27 2",
                created_at=TUESDAY + timedelta(days=3),
                not_before=TUESDAY,
            )
        )
    assert "The curators were alerted." in curator.get("/admin/issues/").text


# Posts.


@pytest.fixture
def with_post(installation: Installation, planned: Browser) -> Browser:
    """A curator, with a post on the penguins that waits for a day."""
    with installation.db.write() as session:
        version = session.scalars(select(Version)).one()
        factories.post(session, version, "who", PostState.DRAFT, title="Who is who")
    return planned


def test_each_working_day_that_is_free_has_a_suggestion(planned: Browser) -> None:
    page = planned.get("/admin/issues/").text
    for words in (
        "Load and check",
        "One question in SQL",
        "A chart",
        "A model, or a reader’s work",
    ):
        assert words in page
    assert "No post waits for a day" in page


def test_a_post_is_put_on_a_day(installation: Installation, with_post: Browser) -> None:
    page = with_post.get("/admin/issues/").text
    assert "Who is who (draft)" in page
    assert '<option value="2026-11-30">' not in page.partition("Through the week")[2]
    answer = with_post.post("/admin/issues/posts", "/admin/issues/", post="who", date="2026-11-25")
    assert answer.location == "/admin/issues/2026-11-25-post"
    with installation.db.read() as session:
        post = calendar.get(session, date(2026, 11, 25), Kind.POST).post
        assert post is not None
        assert post.slug == "who"
    after = with_post.get("/admin/issues/").text
    assert "One question in SQL" in after.partition("2 ")[2]  # of the week after
    assert "Ready to go out Wed 25 Nov 2026, 09:00." in after
    assert "Past" not in after
    issue = with_post.get(answer.location).text
    assert "Which two measurements tell the species apart?" in issue
    assert "code on" in issue


@pytest.mark.parametrize(
    ("day", "slug", "sentence"),
    [
        ("2026-11-30", "who", "is a Monday"),
        ("2026-11-23", "who", "is a Monday"),
        ("2026-11-20", "who", "has passed"),
        ("", "who", "is no date"),
    ],
)
def test_a_day_that_a_post_cannot_have_is_refused_with_why(
    with_post: Browser, day: str, slug: str, sentence: str
) -> None:
    answer = with_post.post("/admin/issues/posts", "/admin/issues/", post=slug, date=day)
    assert sentence in with_post.get(answer.location).text


def test_a_post_that_is_not_there_is_not_found(with_post: Browser) -> None:
    there = ("/admin/issues/posts", "/admin/issues/")
    assert with_post.post(*there, post="nobody", date="2026-11-25").status_code == 404


def test_a_post_that_is_not_ready_says_what_it_lacks(
    installation: Installation, with_post: Browser
) -> None:
    with installation.db.write() as session:
        post = session.scalars(select(Post)).one()
        post.data = {"penguins": "0" * 64}
        calendar.plan_post(session, date(2026, 11, 25), post, TUESDAY.date(), TUESDAY)
    assert "run it on this version" in with_post.get("/admin/issues/").text
    page = with_post.get("/admin/issues/2026-11-25-post").text
    assert "It cannot go out yet" in page
