"""What an SMTP reply means, by the phase in which it came.

RFC 5321 4.2 (codes), RFC 3463 (enhanced codes), RFC 7504 (521, 556), and the
policy pages of Google and Microsoft for the codes that speak of the sender.
"""

import re
from enum import IntEnum
from typing import NamedTuple

from newsletter.transports.base import Outcome, Verdict

# At the start of any line: some servers put it on the last one alone.
ENHANCED = re.compile(r"^[245]\.\d{1,3}\.\d{1,3}(?=\s|$)", re.MULTILINE)

DEAD = {"5.1.1", "5.1.2", "5.1.3", "5.1.10", "5.2.1"}
FULL = {"4.2.2", "5.2.2"}
OUR_POLICY_LATER = {"4.7.23", "4.7.26", "4.7.27", "4.7.29", "4.7.30", "4.7.31", "4.7.32"}
RATE = {"4.7.28"}
# Others speak of their rate in words, as Outlook's "451 4.7.650 ... temporarily rate limited".
RATE_WORDS = re.compile(r"\brate\b|too (many|much|fast)|throttl|slow down", re.IGNORECASE)


class Phase(IntEnum):
    """How far a message had come."""

    CONNECT = 0
    EHLO = 1
    TLS = 2
    AUTH = 3
    MAIL = 4
    RCPT = 5
    DATA = 6
    BODY = 7  # after 354, before the final dot
    DOT = 8  # after the final dot, before its reply
    QUIT = 9


class Reply(NamedTuple):
    """One reply of a server, its lines joined."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """Such as ``5.1.1``, or empty."""
        code = ENHANCED.search(self.text)
        return code[0] if code else ""

    def __str__(self) -> str:
        return f"{self.code} {self.text}"[:500]


def judge(phase: Phase, reply: Reply) -> Outcome:
    """The outcome for the message at hand when ``reply`` came in ``phase``."""
    return Outcome(_verdict(phase, reply), str(reply))


def lost(phase: Phase, how: str) -> Outcome:
    """The outcome when the connection ended in ``phase`` with no reply to go by.

    From RCPT on it may be this one recipient that ends it, again and again: it waits its
    turn as after a 4xx, and holds up no other.
    """
    if phase is Phase.DOT:
        return Outcome(Verdict.UNKNOWN, how)
    own = Phase.RCPT <= phase <= Phase.BODY
    return Outcome(Verdict.DEFERRED if own else Verdict.REQUEUED, how)


def _verdict(phase: Phase, reply: Reply) -> Verdict:
    if phase is Phase.DOT and 200 <= reply.code < 300:
        return Verdict.SENT
    if 400 <= reply.code < 500:
        return _temporary(phase, reply)
    if 500 <= reply.code < 600:
        return _permanent(phase, reply)
    return Verdict.UNKNOWN if phase is Phase.DOT else Verdict.REQUEUED


def _temporary(phase: Phase, reply: Reply) -> Verdict:
    if reply.enhanced in OUR_POLICY_LATER:
        return Verdict.BLOCKED
    if reply.enhanced in RATE or _is_about_our_rate(reply):
        return Verdict.THROTTLED
    if reply.code == 421 or phase < Phase.RCPT:
        return Verdict.REQUEUED
    if reply.enhanced in FULL:
        return Verdict.FULL
    return Verdict.DEFERRED


def _permanent(phase: Phase, reply: Reply) -> Verdict:
    if phase < Phase.RCPT or reply.enhanced.startswith("5.7."):
        return Verdict.BLOCKED
    if reply.enhanced in FULL:
        return Verdict.FULL
    if reply.enhanced in DEAD:
        return Verdict.NO_SUCH_ADDRESS
    if reply.code == 552 and phase is Phase.RCPT:
        return Verdict.DEFERRED  # RFC 5321 4.5.3.1.10: too many recipients
    return Verdict.REJECTED


def _is_about_our_rate(reply: Reply) -> bool:
    """A 421 or a policy code (X.7.X) whose text speaks of how fast we are."""
    speaks_of_us = reply.code == 421 or reply.enhanced.startswith("4.7.")
    return speaks_of_us and RATE_WORDS.search(reply.text) is not None
