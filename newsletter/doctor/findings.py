"""What an examination finds: a state, and one sentence that says what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from newsletter import faults


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and somebody loses by it; or it could not be looked at
    WRONG = "wrong"  # mail is lost or refused until it is mended


@dataclass(frozen=True, slots=True)
class Finding:
    what: str  # was looked at
    state: State
    sentence: str


class Unanswered(Exception):
    """Somebody who had to be asked did not answer; nothing is known for better or worse."""


def ok(what: str, sentence: str) -> Finding:
    return Finding(what, State.OK, sentence)


def warning(what: str, sentence: str) -> Finding:
    return Finding(what, State.WARNING, sentence)


def wrong(what: str, sentence: str) -> Finding:
    return Finding(what, State.WRONG, sentence)


def guarded(what: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings as they come; what stops them is the last one of them."""
    try:
        yield from findings
    except Unanswered as unanswered:
        yield warning(what, str(unanswered))
    except Exception as error:  # a part that is broken must not hide the others
        lines = str(error).splitlines() or [""]
        yield wrong(what, faults.sentence(error) or f"{type(error).__name__}: {lines[0]}")
