"""Shared code becomes the draft of a post: its file, with what a post says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath

from sqlalchemy.orm import Session

from newsletter.catalog import datasets, listing
from newsletter.errors import Conflict, Invalid
from newsletter.installation import Installation
from newsletter.models.post import Post
from newsletter.models.submission import Submission, SubmissionKind
from newsletter.posts import front_matter, posts
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.intake import PostFile, import_post
from newsletter.posts.reading.parsed_post import FORMS
from newsletter.submissions import queue

# Of each published version by its number, the newest first: its tables with their checksums.
Versions = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class PostWords:
    """What a post says of itself."""

    title: str
    question: str
    author: str
    license: str
    language: str
    version: str  # of the dataset
    requires: tuple[str, ...] = ()


def may_be_a_post(submission: Submission) -> bool:
    """Whether its file is of a form that posts are written in."""
    ending = PurePath(submission.file_name or "").suffix.lower().lstrip(".")
    return (
        submission.kind is SubmissionKind.CODE
        and submission.file_key is not None
        and submission.dataset_id is not None
        and ending in FORMS
    )


def versions_of(session: Session, submission: Submission) -> Versions:
    """Those that a post on its dataset may be about."""
    if submission.dataset is None:
        return {}
    return {
        version.number: {table.name: table.files["csv"]["sha256"] for table in version.tables}
        for version in listing.published_versions(session, submission.dataset.id)
    }


def accept_as_post(
    installation: Installation, number: int, words: PostWords, by: str, answer: str, now: datetime
) -> Post:
    """Read the file of a submission, and record the draft and the decision at once.

    ``answer`` is what the curator ``by`` says to the person. Raises NotFound, Conflict, or
    Invalid, whose ``fields`` are those of ``words``.
    """
    with installation.db.read() as session:
        submission = queue.get(session, number)
        versions = versions_of(session, submission)
    queue.refuse_decided(submission)
    if submission.dataset is None:
        raise Conflict("The dataset that it is about is gone: decline it.")
    slug = submission.dataset.slug
    front = _front_matter(slug, words, versions)
    with installation.storage.open(submission.file_key or "") as file:
        content = file.read()
    imported = import_post(
        PostFile(submission.file_name or "", content, given=front), installation.storage
    )
    with installation.db.write() as session:
        dataset = datasets.get(session, slug)
        _refuse_known(session, front)
        post = posts.upsert(session, posts.version_for(session, dataset, imported), imported, now)
        queue.accept(session, installation.signer, number, by, answer, now, post=post)
        return post


def _front_matter(slug: str, words: PostWords, versions: Versions) -> FrontMatter:
    if words.version not in versions:
        raise Invalid("Choose a version.", {"version": "Choose one of the published versions."})
    return front_matter.from_mapping(
        {
            "title": words.title,
            "question": words.question,
            "author": words.author,
            "license": words.license,
            "language": words.language,
            "version": words.version,
            "data": dict(versions[words.version]),
            "requires": words.requires,
            # Of the title: what a stranger called the file might be a post of ours.
            "slug": front_matter.slug_of(slug, words.title),
        }
    )


def _refuse_known(session: Session, front: FrontMatter) -> None:
    if front.slug and posts.find(session, front.slug):
        raise Conflict("There is a post of that name already: choose another title.")
