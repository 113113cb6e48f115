"""Whatever changes what the public may see is noticed, and nothing else is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from newsletter.db import Base
from newsletter.installation import Installation
from newsletter.models.delivery import Quota
from newsletter.models.issue import Issue, IssuePost, IssueState
from newsletter.models.public_change import KEPT_FOR, SHOWN, PublicChange, Stamp, stamp
from newsletter.models.subscriber import Suppression, SuppressionReason
from newsletter.settings import Settings
from tests import factories
from tests.migrated import migrate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def change_an_object(session: Session) -> None:
    session.scalars(select(Issue)).one().state = IssueState.CANCELLED


def change_by_a_statement(session: Session) -> None:
    session.execute(update(Issue).values(state=IssueState.CANCELLED))


def insert_by_a_statement(session: Session) -> None:
    copied = insert(IssuePost).from_select(
        ["issue_id", "post_id"], select(Issue.id, Issue.id).where(Issue.id < 0)
    )
    session.execute(copied)


def delete_by_a_statement(session: Session) -> None:
    session.execute(delete(Issue).where(Issue.id > 0))


def delete_an_object(session: Session) -> None:
    session.delete(session.scalars(select(Issue)).one())


def add_what_nobody_is_shown(session: Session) -> None:
    session.add(Suppression(address_hash="a", reason=SuppressionReason.CURATOR, at=NOW))
    session.execute(update(Quota).values(day=NOW.date()))


def look_only(session: Session) -> None:
    session.scalars(select(Issue)).all()


def stamp_of(opened: Installation) -> Stamp:
    return stamp(opened.db)


@contextmanager
def with_an_issue(environ: dict[str, str]) -> Iterator[Installation]:
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    with opened.db.write() as session:
        version = factories.dataset(session, opened.storage)
        factories.issue(session, version, NOW.date(), IssueState.PLANNED)
    yield opened
    opened.db.close()


@pytest.fixture
def planned(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    """Once on each database."""
    with with_an_issue(environ | {"DATABASE_URL": database_url}) as opened:
        yield opened


@pytest.mark.parametrize(
    "change",
    [
        change_an_object,
        change_by_a_statement,
        insert_by_a_statement,
        delete_by_a_statement,
        delete_an_object,
    ],
)
def test_a_change_is_noticed(planned: Installation, change: Callable[[Session], None]) -> None:
    before = stamp_of(planned)
    with planned.db.write() as session:
        change(session)
    assert stamp_of(planned) != before


@pytest.mark.parametrize("change", [add_what_nobody_is_shown, look_only])
def test_what_nobody_is_shown_is_not(
    planned: Installation, change: Callable[[Session], None]
) -> None:
    before = stamp_of(planned)
    with planned.db.write() as session:
        change(session)
    assert stamp_of(planned) == before


def test_neither_is_what_was_rolled_back(planned: Installation) -> None:
    before = stamp_of(planned)

    def half_way() -> None:
        with planned.db.write() as session:
            change_an_object(session)
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        half_way()
    assert stamp_of(planned) == before


def test_one_that_commits_late_is_noticed_too(
    environ: dict[str, str], migrated_postgres_url: str
) -> None:
    now = datetime.now(UTC)
    with (
        with_an_issue(environ | {"DATABASE_URL": migrated_postgres_url}) as opened,
        Session(opened.db.engine) as late,
    ):
        late.execute(insert(PublicChange).values(at=now))
        with opened.db.write() as session:
            session.execute(insert(PublicChange).values(at=now))
        before = stamp_of(opened)
        late.commit()
        assert stamp_of(opened) != before


def test_they_are_forgotten_after_a_day(planned: Installation) -> None:
    later = datetime.now(UTC) + KEPT_FOR + timedelta(minutes=1)
    with time_machine.travel(later), planned.db.write() as session:
        change_an_object(session)
    with planned.db.read() as session:
        assert session.scalar(select(func.count(PublicChange.id))) == 1


def test_every_table_of_the_catalog_the_issues_and_the_posts_is_shown() -> None:
    rooms = {"dataset", "issue", "post"}
    models = {
        mapper.class_
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.rpartition(".")[2] in rooms
    }
    within = {"PendingIngest", "DiscardedFile"}
    assert models - set(SHOWN) == {m for m in models if m.__name__ in within}
