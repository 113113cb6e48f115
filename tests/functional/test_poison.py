"""One reader in a hundred makes the server fail, each time: the others do not feel it.

It is told by counting, in counted time, what had been sent when.
"""

import asyncio
from collections.abc import Mapping

import pytest

from newsletter.installation import Installation
from newsletter.models.issue import IssueState
from newsletter.transports.smtp.connection import TIMEOUTS
from newsletter.transports.smtp.replies import Phase
from tests.functional.mailing import DEFERRED, REJECTED, REQUEUED, SENT, Mailing, Try, run
from tests.transports.scripted import FAULTS, HANGS_UP, STALLS, Answer, ScriptedServer, say

READERS, EACH = 2000, 100  # every hundredth is one
POISON = frozenset(range(50, READERS, EACH))
NEVER_STUCK = 24  # connections: more than there are readers at whom one may stall
STALL = TIMEOUTS[Phase.RCPT]


class PoisonedServer(ScriptedServer):
    """Answers the RCPT of some readers otherwise, each time. ``when`` has the time of each
    final dot, by its number."""

    def __init__(self, poison: Mapping[int, Answer]) -> None:
        super().__init__()
        self.when: list[float] = []
        self._poison = {f"RCPT TO:<reader{number}@example.org>": a for number, a in poison.items()}

    def next_answer(self, step: str, default: str = "") -> Answer:
        if step == "DOT":
            self.when.append(asyncio.get_running_loop().time())
        if step == "RCPT" and self.heard[-1] in self._poison:
            return self._poison[self.heard[-1]]
        return super().next_answer(step, default)

    @property
    def lasted(self) -> float:
        """Seconds from the first message to the last."""
        return self.when[-1] - self.when[0]


def assert_the_others_are_sent(mailing: Mailing, server: PoisonedServer) -> None:
    for number in set(range(READERS)) - POISON:
        assert mailing.tries[number][-1] == SENT
        assert set(mailing.tries[number]) <= {REQUEUED, SENT}
    assert len(server.messages) == READERS - len(POISON)
    assert mailing.suppressed == 0
    assert mailing.balance.holds


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        (FAULTS["5xx"], REJECTED),
        (FAULTS["4xx"], DEFERRED),
        (FAULTS["disconnect"], DEFERRED),
        (FAULTS["garbage"], DEFERRED),
    ],
    ids=["5xx", "4xx", "disconnect", "garbage"],
)
def test_a_poisonous_reader_stops_nobody_and_is_not_asked_for_again_at_once(
    on_sqlite: Installation, answer: Answer, becomes: Try
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    server = PoisonedServer(dict.fromkeys(POISON, answer))
    run(mailing, server, connections=8)
    assert_the_others_are_sent(mailing, server)
    assert {tuple(mailing.tries[number]) for number in POISON} == {(becomes,)}
    assert server.lasted < 1  # without a poisonous one it is 0: nobody was waited for
    assert mailing.state is (IssueState.SENT if becomes == REJECTED else IssueState.SENDING)


def test_the_others_are_all_sent_before_the_first_stalled_one_times_out(
    on_sqlite: Installation,
) -> None:
    mailing = Mailing(on_sqlite, READERS)
    server = PoisonedServer(dict.fromkeys(POISON, STALLS))
    took = run(mailing, server, connections=NEVER_STUCK)
    assert_the_others_are_sent(mailing, server)
    assert server.lasted < 1
    assert took >= STALL
    first = min(mailing.settled.index(number) for number in POISON)
    assert first == READERS - len(POISON)
    assert {tuple(mailing.tries[number]) for number in POISON} == {(DEFERRED,)}


def test_all_kinds_of_poison_together(on_sqlite: Installation) -> None:
    kinds = (say("550 5.0.0 no"), say("450 4.2.1 busy"), HANGS_UP, STALLS)
    poison = {number: kinds[at % len(kinds)] for at, number in enumerate(sorted(POISON))}
    mailing = Mailing(on_sqlite, READERS)
    server = PoisonedServer(poison)
    run(mailing, server, connections=8)
    assert_the_others_are_sent(mailing, server)
    assert server.lasted < 1
    for number, answer in poison.items():
        # Those that stall take so long that the others' next try comes.
        assert mailing.tries[number][0] == (REJECTED if answer is kinds[0] else DEFERRED)
