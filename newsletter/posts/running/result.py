"""What came of running the cells of a post, whatever their language."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from newsletter.posts.running.limits import RunLimits

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
MOST_LINES = 12
MOST_CHARACTERS = 2_000


class Broken(Exception):
    """The cells did not end by themselves; the message is a sentence for a person."""


@dataclass(frozen=True, slots=True)
class Result:
    outputs: list[list[dict[str, Any]]]  # nbformat v4, of each cell in order
    error: str = ""  # the last lines of a cell that failed; empty: all ran
    versions: Mapping[str, str] = field(default_factory=dict)  # the language's, the packages'


def last_lines(text: str) -> str:
    """The end of what a program said when it failed, without colours, rules and empty lines."""
    lines = [line.rstrip() for line in ANSI.sub("", text).strip().splitlines()]
    text_lines = [line for line in lines if line.strip("-")]
    return "\n".join(text_lines[-MOST_LINES:])[-MOST_CHARACTERS:]


def too_slow(limits: RunLimits) -> Broken:
    return Broken(f"It took over {limits.seconds:g} seconds: do less, or give it more --seconds.")


def too_much(limits: RunLimits) -> Broken:
    return Broken(f"It shows over {limits.output_bytes // 1024**2} MB: show less of the data.")


def ended(limits: RunLimits) -> Broken:
    return Broken(
        "Its process ended in the midst of a cell: it asked for more memory than the limit of"
        f" {limits.memory_bytes // 1024**2:,} MB, or ended itself."
    )
