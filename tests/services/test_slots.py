from datetime import UTC, date, datetime

from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.models.dataset import VersionState
from newsletter.models.post import PostState
from newsletter.services import slots
from newsletter.services.planning import plan_dataset, plan_post
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
MONDAY, WEDNESDAY = date(2026, 11, 30), date(2026, 12, 2)


def test_a_monday_is_free_taken_or_ready(installation: Installation) -> None:
    settings = installation.settings
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
        factories.dataset(
            session, installation.storage, "draft", state=VersionState.DRAFT, keywords=[]
        )
        plan_dataset(session, settings, MONDAY, "penguins", NOW)
        plan_dataset(session, settings, date(2026, 12, 7), "draft", NOW)
        ready, lacking, free = slots.coming(session, settings, NOW, count=3)
    assert (ready.is_ready, ready.is_free) == (True, False)
    assert (lacking.is_ready, lacking.lacks) == (
        False,
        ("It has no keywords: add at least one.",),
    )
    assert (free.is_free, free.lacks) == (True, ("No dataset is planned for it.",))
    assert (free.day, free.alerts_on) == (date(2026, 12, 14), date(2026, 12, 11))
    assert slots.free([ready, lacking, free], NOW) == [free.day]
    assert slots.free([free], free.begins) == []


def test_a_cancelled_issue_gives_its_slot_back(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)
        planned = plan_dataset(session, installation.settings, MONDAY, "penguins", NOW)
        calendar.cancel(session, planned.issue, NOW)
        (slot,) = slots.coming(session, installation.settings, NOW, count=1)
        assert slot.is_free


def test_through_the_week_stand_working_days_and_each_post(installation: Installation) -> None:
    far = date(2026, 12, 19)  # a Saturday
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        post = factories.post(session, version, state=PostState.DRAFT)
        plan_post(session, installation.settings, far, post.slug, NOW)
        days = slots.post_days(session, installation.settings, NOW)
        week = slots.through_the_week(days, NOW)
    assert {slot.day.weekday() for slot in days} == {1, 2, 3, 4, 5, 6}
    assert week[-1].day == far
    assert all(slot.suggestion for slot in week[:-1])
    assert week[-2].day <= date(2026, 12, 8)
