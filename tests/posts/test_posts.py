"""The registry of posts, on both databases: drafts, what keeps one back, finding again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.db import Database
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models import Version
from newsletter.models.dataset import VersionState
from newsletter.models.post import Post, PostState, RunStatus
from newsletter.posts import posts
from newsletter.posts.cells import Code, Prose
from newsletter.posts.front_matter import from_mapping
from newsletter.posts.intake import ImportedPost
from newsletter.posts.reading.sanitize import words_in
from newsletter.posts.run_record import RunRecord
from newsletter.storage import Storage
from tests import factories
from tests.posts import written

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SOURCE = "5" * 64


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def session(db: Database, storage: Storage) -> Iterator[Session]:
    """The penguins are in the catalog."""
    with db.write() as session:
        factories.dataset(session, storage)
    with db.write() as session:
        yield session


@pytest.fixture
def version(session: Session) -> Version:
    return datasets.published(session, "penguins")


def taken(on: Version, source: str = "plot(bill_mm)", /, **fields: Any) -> ImportedPost:
    named = {table.name: table.files["csv"]["sha256"] for table in on.tables}
    front = from_mapping(written.front(**({"data": named} | fields)))
    cells = (Prose("Read *it*."), Code("python", source, True))
    return ImportedPost(
        name="02-which-one.md",
        front=front,
        form="md",
        cells=cells,
        words=words_in(front, cells),
        source_key=f"{SOURCE}.md",
        digest="d" * 64,
        record=None,
    )


def run(status: RunStatus = RunStatus.RAN, **more: Any) -> RunRecord:
    usual: dict[str, Any] = {"at": NOW, "status": status, "seconds": 2, "source": SOURCE}
    return RunRecord(**usual | more)


def brought(session: Session, version: Version, **fields: Any) -> Post:
    post = posts.upsert(session, version, taken(version, **fields), NOW)
    posts.publish(post, NOW)
    return post


def test_a_new_post_is_a_draft_on_its_version(session: Session, version: Version) -> None:
    posts.upsert(session, version, replace(taken(version), record=run()), NOW)
    session.expire_all()
    post = posts.get(session, "penguins-which-one")
    assert (post.state, post.version, post.language) == (PostState.DRAFT, version, "python")
    assert post.cells[0] == {"kind": "prose", "markdown": "Read *it*."}
    assert post.columns == ["bill_mm"]
    assert (post.created_at, post.modified_at, post.published_at) == (NOW, NOW, None)
    assert [(run.at, run.status) for run in post.runs] == [(NOW, RunStatus.RAN)]
    assert posts.published(session) == []
    with pytest.raises(NotFound):
        posts.shown(session, post.slug)


def test_the_same_again_changes_nothing_and_other_words_do(
    session: Session, version: Version
) -> None:
    later = NOW + timedelta(days=1)
    post = posts.upsert(session, version, replace(taken(version), record=run()), NOW)
    again = posts.upsert(session, version, replace(taken(version), record=run()), later)
    assert (again.id, again.modified_at, len(again.runs)) == (post.id, NOW, 1)
    ran_again = replace(taken(version), record=run(at=later))
    assert posts.upsert(session, version, ran_again, later).modified_at == NOW
    assert [run.at for run in post.runs] == [NOW, later]
    posts.upsert(session, version, taken(version, title="Another title"), later)
    assert (post.title, post.modified_at, post.created_at) == ("Another title", later, NOW)


def test_it_may_name_its_slug_and_its_columns(session: Session, version: Version) -> None:
    post = posts.upsert(session, version, taken(version, slug="mine", columns=["year"]), NOW)
    assert (post.slug, post.columns) == ("mine", ["year"])


def test_a_post_keeps_the_slug_that_an_earlier_rule_made_of_its_file(
    session: Session, version: Version, storage: Storage
) -> None:
    file = replace(taken(version), name="été.md")
    assert posts.slug_of(session, version.dataset, file) == "penguins-ete"
    posts.upsert(session, version, taken(version, slug="penguins-t"), NOW)
    assert posts.slug_of(session, version.dataset, file) == "penguins-t"
    other = factories.dataset(session, storage, "penguins-2")
    posts.upsert(session, version, taken(version, slug="penguins-2-t"), NOW)
    assert posts.slug_of(session, other.dataset, file) == "penguins-2-ete"


def test_a_column_is_a_word_of_its_own_in_the_code(session: Session, version: Version) -> None:
    post = posts.upsert(session, version, taken(version, "df['year'] + my_species2"), NOW)
    assert post.columns == ["year"]


def test_the_version_that_it_names_must_be_there(session: Session, version: Version) -> None:
    assert posts.version_for(session, version.dataset, taken(version)) == version
    with pytest.raises(Invalid, match=r"has no version 2\.0\.0: name one of 1\.0\.0"):
        posts.version_for(session, version.dataset, taken(version, version="2.0.0"))


def test_a_slug_of_another_datasets_post_is_refused(
    session: Session, version: Version, storage: Storage
) -> None:
    posts.upsert(session, version, taken(version, slug="mine"), NOW)
    other = factories.dataset(session, storage, "airports")
    with pytest.raises(Conflict, match="is on penguins: choose another slug"):
        posts.upsert(session, other, taken(other, slug="mine"), NOW)


def test_published_it_is_shown_and_withdrawn_it_is_not(session: Session, version: Version) -> None:
    post = brought(session, version)
    assert posts.published(session) == [post] == posts.of_dataset(session, version.dataset)
    assert posts.shown(session, post.slug).published_at == NOW
    posts.withdraw(post, NOW)
    assert posts.published(session) == []
    with pytest.raises(Conflict, match="is not public"):
        posts.withdraw(post, NOW)
    later = NOW + timedelta(days=1)
    posts.publish(post, later)
    assert (post.published_at, post.modified_at) == (NOW, later)


def kept_back(post: Post) -> str:
    with pytest.raises(Invalid) as refused:
        posts.publish(post, NOW)
    assert post.state is PostState.DRAFT
    return str(refused.value)


def test_data_of_another_checksum_keep_it_back(session: Session, version: Version) -> None:
    theirs, ours = "0" * 64, version.tables[0].files["csv"]["sha256"]
    post = posts.upsert(session, version, taken(version, data={"penguins": theirs}), NOW)
    said = kept_back(post)
    assert theirs in said
    assert ours in said


def test_a_table_that_is_not_there_keeps_it_back(session: Session, version: Version) -> None:
    post = posts.upsert(session, version, taken(version, data={"birds": "0" * 64}), NOW)
    assert "has no table birds" in kept_back(post)


def test_a_draft_of_its_dataset_keeps_it_back(session: Session, storage: Storage) -> None:
    draft = factories.dataset(session, storage, "nile", state=VersionState.DRAFT)
    assert "publish it first" in kept_back(posts.upsert(session, draft, taken(draft), NOW))


def test_a_post_without_code_is_kept_back(session: Session, version: Version) -> None:
    empty = replace(taken(version), cells=(Prose("Only words."),))
    assert "It has no code" in kept_back(posts.upsert(session, version, empty, NOW))


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (run(RunStatus.FAILED, error="Traceback\nKeyError: 'x'\n"), "KeyError: 'x'"),
        (run(RunStatus.REFUSED), "did not go through"),
        (run(source="6" * 64), "It has changed since it ran: run it again."),
    ],
)
def test_a_run_that_did_not_go_through_keeps_it_back(
    session: Session, version: Version, record: RunRecord, sentence: str
) -> None:
    post = posts.upsert(session, version, replace(taken(version), record=record), NOW)
    assert sentence in kept_back(post)


def test_one_that_went_through_does_not(session: Session, version: Version) -> None:
    earlier = run(RunStatus.FAILED, at=NOW - timedelta(hours=1))
    posts.upsert(session, version, replace(taken(version), record=run()), NOW)
    post = posts.upsert(session, version, replace(taken(version), record=earlier), NOW)
    last = posts.last_run(post)
    assert last is not None
    assert last.status is RunStatus.RAN
    posts.publish(post, NOW)
