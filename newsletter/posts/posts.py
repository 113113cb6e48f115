"""The posts: what is kept of each, publishing, and finding them again."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.catalog.describe.facts import Party, WorkFacts
from newsletter.catalog.refusals import refuse_withdrawn
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.dataset import Dataset, Version, VersionState
from newsletter.models.post import Post, PostRun, PostState, RunStatus
from newsletter.paging import Page, cut
from newsletter.posts import cells, front_matter, search
from newsletter.posts.cells import Cell, Code
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.intake import ImportedPost
from newsletter.posts.run_record import RunRecord
from newsletter.posts.wording import language_name

T = TypeVar("T")

# The fields of a front matter that a post has under the same name.
WRITTEN = ("title", "question", "author", "author_url", "license", "language")


def find(session: Session, slug: str) -> Post | None:
    rows = select(Post).where(Post.slug == slug).options(*search.whole())
    return session.scalars(rows).one_or_none()


def get(session: Session, slug: str) -> Post:
    """A post in any state. Raises NotFound."""
    post = find(session, slug)
    if post is None:
        raise NotFound(f"There is no post {slug[:100]!r}: `newsletter post list` shows them all.")
    return post


def shown(session: Session, slug: str) -> Post:
    """A published post. Raises NotFound, or Withdrawn with its data."""
    post = find(session, slug)
    if post is None or post.state is not PostState.PUBLISHED:
        raise NotFound("There is no published post of that name.")
    refuse_withdrawn(post.version, post.version.number)
    return post


def is_public(post: Post) -> bool:
    """Whether readers see it: as ``search.PUBLIC`` says of rows."""
    return post.state is PostState.PUBLISHED and not post.version.is_withdrawn


def published(session: Session) -> list[Post]:
    """The published posts, the newest first."""
    return list(session.scalars(_published()))


def everything(session: Session) -> list[Post]:
    """Each post in any state, the newest first."""
    return list(session.scalars(_loaded().order_by(Post.id.desc())))


def page(session: Session, words: str, number: int) -> Page[Post]:
    """A page of the posts in any state whose title, slug or author says ``words``, the newest
    first."""
    names = select(Post.id, Post.title, Post.slug, Post.author).order_by(Post.id.desc())
    wanted = [
        key
        for key, *texts in session.execute(names)
        if words.casefold() in " ".join(texts).casefold()
    ]
    return cut(wanted, number).filled(partial(search.load, session))


def of_dataset(session: Session, dataset: Dataset, limit: int | None = None) -> list[Post]:
    """The published posts on any version of ``dataset``, the newest first."""
    return list(session.scalars(_on(_published(), dataset).limit(limit)))


def count_of_dataset(session: Session, dataset: Dataset) -> int:
    """How many published posts there are on any version of ``dataset``."""
    posts = select(func.count()).select_from(Post).where(search.PUBLIC)
    return session.scalar(_on(posts, dataset)) or 0


def slugs_by_digest(session: Session, dataset: Dataset) -> dict[str, str]:
    """The slug of each post on ``dataset``, in any state, by the digest of what it was
    made from."""
    of = select(Post.digest, Post.slug).join(Version).where(Version.dataset_id == dataset.id)
    return dict(session.execute(of).all())


def version_for(session: Session, dataset: Dataset, taken: ImportedPost) -> Version:
    """The version of ``dataset`` that the post names. Raises Invalid."""
    for version in dataset.versions:
        if version.number == taken.front.version:
            return version
    numbers = ", ".join(version.number for version in dataset.versions)
    sentence = f"{dataset.slug} has no version {taken.front.version}: name one of {numbers}"
    raise Invalid(f"{sentence}.", {"version": sentence})


def upsert(session: Session, version: Version, taken: ImportedPost, now: datetime) -> Post:
    """Keep ``taken``: a new draft, or new words for the post of its slug.

    Its run is recorded too. Raises Conflict if the slug is of another dataset's post.
    """
    slug = slug_of(session, version.dataset, taken)
    post = find(session, slug)
    if post is None:
        post = Post(slug=slug, state=PostState.DRAFT, created_at=now)
    elif post.version.dataset_id != version.dataset_id:
        raise Conflict(f"The post {slug!r} is on {post.version.dataset.slug}: choose another slug.")
    _write(post, version, taken, now)
    if taken.record is not None:
        record_run(post, taken.record)
    try:
        with session.begin_nested():
            session.add(post)
    except IntegrityError as error:  # somebody else was first
        raise Conflict(f"There is a post {slug!r} already: choose another slug.") from error
    return post


def slug_of(session: Session, dataset: Dataset, taken: ImportedPost) -> str:
    """The slug that it names or that its file's name makes; a post that has one by the rule
    of 0.3 keeps it."""
    if taken.front.slug:
        return taken.front.slug
    slug = front_matter.slug_of(dataset.slug, taken.name)
    before = front_matter.slug_of_0_3(dataset.slug, taken.name)
    if slug == before or find(session, slug) is not None:
        return slug
    post = find(session, before)
    return before if post is not None and post.version.dataset_id == dataset.id else slug


def record_run(post: Post, record: RunRecord) -> None:
    """Keep that ``post`` ran, once."""
    if any(run.at == record.at and run.source == record.source for run in post.runs):
        return
    post.runs.append(
        PostRun(
            at=record.at,
            status=record.status,
            seconds=record.seconds,
            versions=dict(record.versions),
            error=record.error,
            source=record.source,
        )
    )
    post.runs.sort(key=lambda run: run.at)


def problems_of(post: Post) -> list[str]:
    """What keeps a post from being published, one sentence each."""
    version = post.version
    problems = []
    if version.is_withdrawn:
        problems.append(f"Version {version.number} of its dataset was withdrawn: name another.")
    elif version.state is not VersionState.PUBLISHED:
        problems.append(f"Version {version.number} of its dataset is a draft: publish it first.")
    problems += data_problems(post.data, version)
    if not any(cell["kind"] == "code" for cell in post.cells):
        problems.append("It has no code: add a cell that is run.")
    run = last_run(post)
    if run is None and post.runs:
        problems.append("It has changed since it ran: run it again.")
    elif run is not None and run.status is not RunStatus.RAN:
        problems.append(f"Its last run did not go through: {_last_line(run.error)}")
    return problems


def last_run(post: Post) -> PostRun | None:
    """The last run of the post as it stands; None: it has changed since, or never ran."""
    run = post.last_run
    return run if run is not None and post.source_key.startswith(run.source) else None


def data_problems(data: dict[str, Any], version: Version) -> list[str]:
    """Where the checksums that a post names differ from those of ``version``'s tables."""
    kept = {table.name: table.files["csv"]["sha256"] for table in version.tables}
    problems = []
    for name, digest in data.items():
        if name not in kept:
            problems.append(f"Version {version.number} has no table {name}: correct `data`.")
        elif kept[name] != digest:
            problems.append(
                f"The table {name} of {version.number} has the checksum {kept[name]}, and the "
                f"post names {digest}: run it on this version and correct `data`."
            )
    return problems


def publish(post: Post, now: datetime) -> None:
    """Make a post public. Raises Invalid with what keeps it from that."""
    if post.state is PostState.PUBLISHED:
        return
    if problems := problems_of(post):
        raise Invalid(f"“{post.title}” cannot be published yet. " + " ".join(problems))
    post.state = PostState.PUBLISHED
    post.published_at = post.published_at or now
    post.modified_at = max(post.modified_at, now)


def withdraw(post: Post, now: datetime) -> None:
    """Take a published post from the public; it can be published again. Raises Conflict."""
    if post.state is not PostState.PUBLISHED:
        raise Conflict(f"“{post.title}” is not public: there is nothing to withdraw.")
    post.state = PostState.WITHDRAWN
    post.modified_at = now


def _write(post: Post, version: Version, taken: ImportedPost, now: datetime) -> None:
    front = taken.front
    before = _seen(post)
    for name in WRITTEN:
        setattr(post, name, getattr(front, name))
    post.version = version
    post.credit = front.credit or ""
    post.requires, post.data = list(front.requires), dict(front.data)
    post.form, post.source_key, post.digest = taken.form, taken.source_key, taken.digest
    post.cells = cells.as_json(taken.cells)
    post.columns = columns_used(front, taken.cells, version)
    post.words = taken.words
    if _seen(post) != before:
        post.modified_at = now


def _seen(post: Post) -> Sequence[Any]:
    """What a reader sees of it."""
    names = (*WRITTEN, "credit", "requires", "data", "form", "source_key", "cells")
    return [getattr(post, name) for name in names]


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing."


def _published() -> Select[Post]:
    return _loaded().where(search.PUBLIC).order_by(*search.NEWEST)


def _loaded() -> Select[Post]:
    return select(Post).options(*search.light(is_long=True))


def _on(posts: Select[T], dataset: Dataset) -> Select[T]:
    return posts.where(Post.version.has(Version.dataset_id == dataset.id))


def columns_used(front: FrontMatter, cells: Iterable[Cell], version: Version) -> list[str]:
    """The columns that the post names, or those of ``version`` that its code mentions."""
    if front.columns is not None:
        return list(front.columns)
    code = "\n".join(cell.source for cell in cells if isinstance(cell, Code))
    names = dict.fromkeys(column["name"] for table in version.tables for column in table.columns)
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", code)]


def work_facts(post: Post, base_url: str) -> WorkFacts:
    return WorkFacts(
        title=post.title,
        question=post.question,
        url=f"{base_url}/posts/{post.slug}",
        author=Party(post.author, post.author_url),
        language=language_name(post.language),
        license=post.license,
        published=post.published_at or post.modified_at,
    )
