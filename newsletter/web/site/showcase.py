"""What people made with a dataset: our posts on it, and the code that readers shared."""

from typing import NamedTuple

from flask import Blueprint, Response, render_template, send_file

from newsletter.catalog import datasets
from newsletter.errors import NotFound
from newsletter.models.submission import Submission
from newsletter.posts import posts
from newsletter.submissions import queue
from newsletter.web.context import installation, page_number
from newsletter.web.responses.file_responses import for_ever

blueprint = Blueprint("made_with", __name__)

POSTS_SHOWN = 20
SHORT = 16  # digits of a file's hash that stand in its address
NEUTRAL = "application/octet-stream"


class Shared(NamedTuple):
    """Code that a reader shared, and what its file is called in addresses."""

    submission: Submission
    file: str | None


@blueprint.get("/datasets/<slug>/made-with")
def page(slug: str) -> str:
    with installation().db.read() as session:
        version = datasets.published(session, slug)
        page = queue.made_with(session, version.dataset, page_number())
        return render_template(
            "site/made_with.html",
            version=version,
            posts=posts.of_dataset(session, version.dataset, POSTS_SHOWN),
            posts_in_all=posts.count_of_dataset(session, version.dataset),
            page=page.filled(lambda shared: [Shared(one, _short(one)) for one in shared]),
        )


@blueprint.get("/datasets/<slug>/made-with/<file>")
def download(slug: str, file: str) -> Response:
    """The file of an accepted submission: saved, never shown by the browser."""
    with installation().db.read() as session:
        dataset = datasets.published(session, slug).dataset
        shared = queue.made_with_file(session, dataset, file) if len(file) == SHORT else None
    if shared is None:
        raise NotFound("There is no such file.")
    return for_ever(attachment(shared))


def attachment(submission: Submission) -> Response:
    """A submission's file with a type that no browser opens. Raises NotFound."""
    if submission.file_key is None:
        raise NotFound("It came without a file.")
    storage = installation().storage
    if not storage.exists(submission.file_key):
        raise NotFound("Its file is gone.")
    return send_file(
        storage.path(submission.file_key),
        mimetype=NEUTRAL,
        as_attachment=True,
        download_name=submission.file_name,
        etag=submission.file_key.partition(".")[0],
    )


def _short(submission: Submission) -> str | None:
    return submission.file_key[:SHORT] if submission.file_key else None
