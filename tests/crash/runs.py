"""One run: a list is sent, workers are killed at chosen points, and the last one finishes.

All that is chosen comes from the run's seed.
"""

import random
import signal
from dataclasses import dataclass

from tests.crash.mail_server import Stop
from tests.crash.stand import DEAD, LEFT, Stand, Tally
from tests.crash.worker import Point, Trap

LONGEST = 400  # milliseconds after its start that a worker is killed at any time


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to happen in a run."""

    readers: int
    connections: int
    kills: tuple[Trap, ...]  # of one worker each; at any time: after so many milliseconds

    def __str__(self) -> str:
        kills = ", ".join(f"{kill.point} {kill.nth}" for kill in self.kills)
        return f"{self.readers} readers, {self.connections} connections, killed {kills}"


@dataclass(frozen=True, slots=True)
class Result:
    plan: Plan
    killed: int  # of the planned kills; the others came after the worker had ended
    tally: Tally


def plan(seed: int) -> Plan:
    """The run of ``seed``: 200 to 400 readers, 4 to 16 connections, 1 to 3 kills."""
    chance = random.Random(seed)
    points = chance.choices(list(Point), k=chance.randint(1, 3))
    return _plan(chance, chance.randint(200, 400), points)


def plan_at(point: Point, seed: int) -> Plan:
    """A small run with one kill at a given point."""
    chance = random.Random(seed)
    return _plan(chance, 150, [point])


def run(stand: Stand, plan: Plan) -> Result:
    """Do what is planned, and count."""
    stand.new_list(plan.readers, plan.connections)
    killed = sum([_kill(stand, trap) for trap in plan.kills])
    with stand.working() as worker:
        code = worker.wait()
        if code != 0:
            raise AssertionError(f"the last worker ended with {code}: {worker.said()}")
    return Result(plan, killed, stand.tally(killed))


def _plan(chance: random.Random, readers: int, points: list[Point]) -> Plan:
    connections = chance.randint(4, 16)
    share = (readers - DEAD - LEFT) // (len(points) + 1)  # messages that each worker may send
    most = {
        Point.BEFORE_CLAIM: 1 + share // (8 * connections),
        Point.AFTER_CLAIM: 1 + share // (8 * connections),
        Point.INSIDE_DATA: share,
        Point.AFTER_DOT: share,
        Point.BEFORE_SETTLE: share // connections,
        Point.INSIDE_SETTLE: share // connections,
        Point.AFTER_SETTLE: share // connections,
        Point.ANY_TIME: LONGEST,
    }
    kills = tuple(Trap(point, chance.randint(1, most[point])) for point in points)
    return Plan(readers, connections, kills)


def _kill(stand: Stand, trap: Trap) -> bool:
    """Start a worker that is killed; False if it had ended before."""
    if trap.point is Point.AFTER_DOT:
        stand.mail.hold(Stop.DOT, trap.nth)
    outside = trap.point in (Point.AFTER_DOT, Point.ANY_TIME)
    with stand.working(None if outside else trap) as worker:
        if trap.point is Point.AFTER_DOT:
            stand.mail.wait(worker.sentinel)
            worker.signal(signal.SIGKILL)
            stand.mail.go_on()
        elif trap.point is Point.ANY_TIME:
            worker.wait(trap.nth / 1000)
            worker.signal(signal.SIGKILL)
        code = worker.wait()
        if code not in (0, -signal.SIGKILL):
            raise AssertionError(f"a worker ended with {code}: {worker.said()}")
    return code == -signal.SIGKILL
