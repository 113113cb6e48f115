from datetime import UTC, date, datetime

import pytest

from newsletter.errors import Invalid, NotFound, SlotTaken
from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from newsletter.models.issue import Kind
from newsletter.models.post import PostState
from newsletter.services.planning import plan_dataset, plan_post
from tests import factories

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
MONDAY, WEDNESDAY = date(2026, 11, 30), date(2026, 12, 2)


def test_a_dataset_takes_a_monday_and_says_when_it_begins(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        planned = plan_dataset(session, installation.settings, MONDAY, "penguins", NOW)
        assert (planned.issue.version, planned.lacks) == (version, ())
        assert planned.begins == datetime(2026, 11, 30, 9, tzinfo=UTC)
        with pytest.raises(SlotTaken):
            plan_dataset(session, installation.settings, MONDAY, "penguins", NOW)


def test_a_draft_is_planned_with_what_it_lacks(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(
            session, installation.storage, state=VersionState.DRAFT, license=None, keywords=[]
        )
        planned = plan_dataset(session, installation.settings, MONDAY, "penguins", NOW)
    assert [sentence.partition(":")[0] for sentence in planned.lacks] == [
        "It has no license",
        "It has no keywords",
    ]


def test_a_post_takes_another_day(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        post = factories.post(session, version, state=PostState.DRAFT)
        with pytest.raises(Invalid, match="is a Monday"):
            plan_post(session, installation.settings, MONDAY, post.slug, NOW)
        planned = plan_post(session, installation.settings, WEDNESDAY, post.slug, NOW)
        assert (planned.issue.kind, planned.issue.date) == (Kind.POST, WEDNESDAY)


def test_what_is_not_there_is_not_planned(installation: Installation) -> None:
    with installation.db.write() as session:
        with pytest.raises(NotFound):
            plan_dataset(session, installation.settings, MONDAY, "nothing", NOW)
        with pytest.raises(NotFound):
            plan_post(session, installation.settings, WEDNESDAY, "nothing", NOW)
