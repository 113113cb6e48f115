"""Saving a post: a new draft, or new words for the post of its slug."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.catalog import datasets
from newsletter.errors import Conflict, Invalid
from newsletter.installation import Installation
from newsletter.models.post import PostState
from newsletter.posts import posts
from newsletter.posts.intake import PostFile, import_post


@dataclass(frozen=True, slots=True)
class SavedPost:
    slug: str
    is_new: bool


def save(
    installation: Installation,
    dataset: str,
    file: PostFile,
    now: datetime,
    *,
    drafts_only: bool = False,
) -> SavedPost:
    """Read ``file`` and record the post on ``dataset``; ``drafts_only``: one that readers do not
    see yet.

    Raises Invalid, whose ``fields`` are ``dataset`` and those of the front matter, or Conflict;
    nothing is recorded then.
    """
    with installation.db.read() as session:
        if datasets.find(session, dataset) is None:
            raise Invalid("It was not saved.", {"dataset": "Choose one of the datasets."})
    imported = import_post(file, installation.storage)
    with installation.db.write() as session:
        version = posts.version_for(session, datasets.get(session, dataset), imported)
        slug = posts.slug_of(session, version.dataset, imported)
        known = posts.find(session, slug)
        if drafts_only and known is not None and known.state is not PostState.DRAFT:
            raise Conflict(f"{slug} is {known.state.value}: ask an editor to change it.")
        return SavedPost(posts.upsert(session, version, imported, now).slug, known is None)
