"""Group commit."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from newsletter.delivery.sending.claims import Held, Report
from newsletter.delivery.sending.db_executor import Bookkeeper
from newsletter.delivery.sending.group_commit import Settlements
from newsletter.models.delivery import DeliveryState
from newsletter.transports.base import Outcome, Verdict

NOW = datetime(2026, 11, 30, 14, tzinfo=UTC)


class Keeper:
    """Keeps the groups that were recorded; ``fails`` at all of them."""

    def __init__(self, fails: bool = False) -> None:
        self.groups: list[list[int]] = []
        self._fails = fails

    async def record(self, reports: list[Report]) -> None:
        if self._fails:
            raise ZeroDivisionError
        self.groups.append([report.held.key[1] for report in reports])


def report(number: int) -> Report:
    held = Held(("delivery", number), 0, NOW, DeliveryState.PENDING)
    return Report(held, Outcome(Verdict.SENT, "250"), NOW)


def settlements(keeper: Keeper, recorded: list[Report]) -> Settlements:
    return Settlements(cast(Bookkeeper, keeper), recorded.append)


def test_what_is_reported_together_is_one_transaction() -> None:
    async def run() -> tuple[list[list[int]], int]:
        keeper, recorded = Keeper(), cast(list[Report], [])
        desk = settlements(keeper, recorded)
        for number in range(3):
            desk.carried[("delivery", number)] = report(number).held
        committed = [desk.report(report(number)) for number in range(3)]
        forever = asyncio.create_task(desk.forever())
        await asyncio.gather(*committed)
        forever.cancel()
        assert desk.carried == {}
        return keeper.groups, len(recorded)

    assert asyncio.run(run()) == ([[0, 1, 2]], 3)


def test_what_cannot_be_recorded_for_good_keeps_no_connection_waiting() -> None:
    async def run() -> None:
        desk = settlements(Keeper(fails=True), [])
        waiting = desk.report(report(1))
        forever: asyncio.Task[Any] = asyncio.create_task(desk.forever())
        for late in (waiting, forever, desk.report(report(2))):
            with pytest.raises(ZeroDivisionError):
                await asyncio.wait_for(late, 5)

    asyncio.run(run())
