"""A sender with nothing to do hears at once of what becomes due, and says when it did not."""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from newsletter.db import Database
from newsletter.delivery.sending.wake import Wake, Watch, wake_of
from newsletter.models.delivery import DeliveryState, Notice, NoticeKind, Retry
from newsletter.models.issue import Issue, IssueState, Kind

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
WITHIN = 5.0  # seconds: half of what it waits where nothing happens


def _notice(session: Session) -> None:
    session.add(Notice(kind=NoticeKind.ALERT, address="ada@example.org", created_at=NOW))


def _issue(state: IssueState) -> Issue:
    return Issue(kind=Kind.REGULAR, date=date(2026, 11, 23), state=state, created_at=NOW)


def _resumed(session: Session) -> None:
    session.execute(update(Issue).values(state=IssueState.SENDING))


def _tried_again(session: Session) -> None:
    state = DeliveryState.FAILED
    session.add(Retry(issue_id=1, at=NOW, state=state, number=1))


@pytest.mark.parametrize("happens", [_notice, _resumed, _tried_again])
def test_it_is_woken_by_whatever_makes_mail_due(
    db: Database, happens: Callable[[Session], None]
) -> None:
    with db.write() as session:
        session.add(_issue(IssueState.PAUSED))

    async def run() -> bool:
        wake = wake_of(db)
        try:
            while await asyncio.wait_for(_settled(wake), WITHIN):
                pass
            waiting = asyncio.create_task(wake.wait())
            await asyncio.sleep(0)  # it waits
            with db.write() as session:
                happens(session)
            return await asyncio.wait_for(waiting, WITHIN)
        finally:
            wake.close()

    assert asyncio.run(run())


async def _settled(wake: Wake) -> bool:
    """Whether there was more to hear of what came before."""
    try:
        return await asyncio.wait_for(wake.wait(), 1.0)
    except TimeoutError:
        return False


def test_what_is_not_committed_wakes_nobody(db: Database) -> None:
    async def run() -> None:
        wake = wake_of(db)
        try:
            while await _settled(wake):
                pass
            with db.write() as session:
                _notice(session)
                session.flush()
                session.rollback()
            assert not await _settled(wake)
        finally:
            wake.close()

    asyncio.run(run())


class Silent:
    def __init__(self, was_news: bool) -> None:
        self._was_news = was_news

    async def wait(self) -> bool:
        return self._was_news

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("was_news", "number", "lines"), [(False, 3, 1), (True, 3, 0), (False, 0, 0)]
)
def test_what_it_should_have_been_told_of_is_said(
    caplog: pytest.LogCaptureFixture, was_news: bool, number: int, lines: int
) -> None:
    async def run() -> None:
        watch = Watch(Silent(was_news))
        await watch.wait(asyncio.Event())
        watch.note_first_tries(number)
        watch.note_first_tries(number)  # of the next look

    with caplog.at_level(logging.INFO):
        asyncio.run(run())
    assert [r.message for r in caplog.records].count(
        "3 messages were claimed without notice of them"
    ) == lines
