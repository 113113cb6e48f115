"""Group commit."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from newsletter.delivery.sending.claims import ClaimedNotice, Report
from newsletter.delivery.sending.db_executor import DbExecutor
from newsletter.delivery.sending.group_commit import GroupCommit
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Envelope, Outcome, Verdict

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)


class Executor:
    """Keeps the groups that were recorded; ``fails`` at all of them."""

    def __init__(self, fails: bool = False) -> None:
        self.groups: list[list[int]] = []
        self._fails = fails

    async def settle(self, reports: list[Report]) -> list[Report]:
        if self._fails:
            raise ZeroDivisionError
        self.groups.append([report.claim.id for report in reports])
        return reports


def report(number: int) -> Report:
    envelope = Envelope(("notice", number), "a@example.org", "b@example.org", "<1@x>", [])
    claim = ClaimedNotice(number, 0, NOW, DeliveryState.PENDING, envelope)
    return Report(claim, Outcome(Verdict.SENT, "250"), NOW)


def group_commit(executor: Executor, settled: list[Report]) -> GroupCommit:
    return GroupCommit(cast(DbExecutor, executor), settled.append)


def test_what_is_reported_together_is_one_transaction() -> None:
    async def run() -> tuple[list[list[int]], int]:
        executor, settled = Executor(), cast(list[Report], [])
        commits = group_commit(executor, settled)
        for number in range(3):
            commits.in_flight[("notice", number)] = report(number).claim
        committed = [commits.report(report(number)) for number in range(3)]
        forever = asyncio.create_task(commits.forever())
        await asyncio.gather(*committed)
        forever.cancel()
        assert commits.in_flight == {}
        return executor.groups, len(settled)

    assert asyncio.run(run()) == ([[0, 1, 2]], 3)


def test_what_cannot_be_recorded_for_good_keeps_no_connection_waiting() -> None:
    async def run() -> None:
        commits = group_commit(Executor(fails=True), [])
        waiting = commits.report(report(1))
        forever: asyncio.Task[Any] = asyncio.create_task(commits.forever())
        for late in (waiting, forever, commits.report(report(2))):
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(late, 5)

    asyncio.run(run())
