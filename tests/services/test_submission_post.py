from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from newsletter.errors import Conflict, Invalid
from newsletter.installation import Installation
from newsletter.models import Submission
from newsletter.models.post import Post, PostState
from newsletter.models.submission import SubmissionState
from newsletter.services.submission_post import (
    PostWords,
    accept_as_post,
    may_be_a_post,
    versions_of,
)
from tests import factories
from tests.web.admin.posts.test_submissions import NOTEBOOK

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
WORDS = PostWords(
    title="Bills by species",
    question="Do the bills tell the species apart?",
    author="Ann Lee",
    license="MIT",
    language="python",
    version="1.0.0",
)


@pytest.fixture
def number(installation: Installation) -> int:
    """A notebook on the penguins that waits."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        return factories.submission(session, installation.storage, version, NOTEBOOK).id


def accepted(installation: Installation, number: int, words: PostWords = WORDS) -> Post:
    return accept_as_post(installation, number, words, "bo@example.org", "Thank you.", NOW)


def test_it_becomes_the_draft_of_a_post_and_is_accepted(
    installation: Installation, number: int
) -> None:
    post = accepted(installation, number)
    assert (post.slug, post.state) == ("penguins-bills-by-species", PostState.DRAFT)
    with installation.db.read() as session:
        submission = session.scalars(select(Submission)).one()
        assert (submission.state, submission.post_id) == (SubmissionState.ACCEPTED, post.id)
        assert (submission.decided_by, submission.answer) == ("bo@example.org", "Thank you.")
        version = next(iter(versions_of(session, submission).values()))
    assert post.data == version
    with pytest.raises(Conflict, match=r"accepted by bo@example\.org already"):
        accepted(installation, number)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"version": "9.9.9"}, "version"), ({"title": "A"}, "title"), ({"license": "X"}, "license")],
)
def test_what_is_wrong_is_said_of_its_field_and_nothing_is_decided(
    installation: Installation, number: int, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        accepted(installation, number, replace(WORDS, **changes))
    assert list(refused.value.fields) == [field]
    with installation.db.read() as session:
        assert session.scalars(select(Submission.state)).one() is SubmissionState.WAITING
        assert session.scalars(select(Post)).all() == []


def test_it_never_takes_the_place_of_another_post(installation: Installation, number: int) -> None:
    accepted(installation, number)
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, slug="other")
        other = factories.submission(session, installation.storage, version, NOTEBOOK)
        other.dataset_id = session.get_one(Submission, number).dataset_id
        other_number = other.id
    with pytest.raises(Conflict, match="choose another title"):
        accepted(installation, other_number)


@pytest.mark.parametrize(("name", "may_be"), [("a.ipynb", True), ("A.MD", True), ("a.py", False)])
def test_only_a_file_in_a_form_of_posts_can_be_one(
    installation: Installation, number: int, name: str, may_be: bool
) -> None:
    with installation.db.read() as session:
        submission = session.get_one(Submission, number)
        submission.file_name = name
        assert may_be_a_post(submission) is may_be
        submission.file_key = None
        assert not may_be_a_post(submission)
