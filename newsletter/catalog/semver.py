"""Which number a new version takes: PATCH for the same data under other words, MINOR where
rows or columns were added, MAJOR where values changed or went."""

import re
from enum import IntEnum

from newsletter.errors import Invalid
from newsletter.tables.diff import Diff

NUMBER = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){2}")


class Step(IntEnum):
    """Greater says more."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


WHY = {
    Step.PATCH: "the data is the same",
    Step.MINOR: "something was added, and nothing changed or went",
    Step.MAJOR: "something that was there changed or went, or may have",
}


def parsed(number: str) -> tuple[int, int, int]:
    """A version number's parts, which order as versions do. Raises Invalid."""
    if not NUMBER.fullmatch(number):
        raise Invalid(f"{number[:40]!r} is no version number: write it like 1.2.0.")
    major, minor, patch = map(int, number.split("."))
    return major, minor, patch


def step_of(diff: Diff) -> Step:
    """The least step that ``diff`` asks for."""
    if diff.breaks:
        return Step.MAJOR
    return Step.MINOR if diff.adds else Step.PATCH


def raised(number: str, step: Step) -> str:
    """``number`` one ``step`` further."""
    major, minor, patch = parsed(number)
    match step:
        case Step.MAJOR:
            return f"{major + 1}.0.0"
        case Step.MINOR:
            return f"{major}.{minor + 1}.0"
        case Step.PATCH:
            return f"{major}.{minor}.{patch + 1}"


def step_between(before: str, after: str) -> Step:
    """The step that two numbers say. Raises Invalid if ``after`` is not the higher."""
    old, new = parsed(before), parsed(after)
    if new <= old:
        raise Invalid(f"{after} does not come after {before}: choose a higher number.")
    return Step(2 - next(at for at in range(3) if old[at] != new[at]))


def proposed(diff: Diff) -> str:
    """The number that follows ``diff.before`` by what changed."""
    return raised(diff.before, step_of(diff))


def understated(diff: Diff) -> str:
    """A warning where ``diff.after`` says less than what changed; empty: it does not."""
    try:
        stated, due = step_between(diff.before, diff.after), step_of(diff)
    except Invalid as error:  # versions that were published in another order
        return str(error)
    if stated >= due:
        return ""
    return (
        f"{diff.after} says less than what changed since {diff.before}: {WHY[due]}, "
        f"which asks for {proposed(diff)}."
    )
