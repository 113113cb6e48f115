"""What a kind of long work is: one definition, in the module of the use case that starts it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

Result = dict[str, Any] | None  # what came of it, as JSON can hold it
Run = Callable[..., Result]  # of the attempt, and the arguments by name

TITLE_AT_MOST = 200  # characters
LONGEST_WAIT = timedelta(hours=1)
QUEUE = "tasks"  # of what any worker may run


@dataclass(frozen=True, slots=True)
class Definition:
    """``title``, ``lock`` and ``key`` may name arguments: ``"import {slug}"``.

    Of one lock one task runs at a time. Of one key there is one unfinished task: who asks for
    another gets that one.
    """

    name: str
    title: str
    run: Run
    queue: str = QUEUE
    priority: int = 0  # the higher one first
    retries: int = 3  # after an attempt that raised
    wait: timedelta = timedelta(seconds=10)  # before the first of them, then twice as long
    time_limit: timedelta = timedelta(hours=2)  # of one attempt
    crashes: int = 10  # deaths of its worker that are forgiven
    lock: str | None = None
    key: str | None = None
    mails_refusal: bool = True  # False: who started it is shown it, and no curator is mailed

    def title_of(self, arguments: Mapping[str, Any]) -> str:
        return self.title.format(**arguments)[:TITLE_AT_MOST]

    def wait_after(self, failures: int) -> timedelta:
        """How long to wait after so many attempts that raised."""
        doubled: timedelta = self.wait * 2 ** min(failures - 1, 16)
        return min(doubled, LONGEST_WAIT)

    def lock_of(self, arguments: Mapping[str, Any]) -> str | None:
        return None if self.lock is None else self.lock.format(**arguments)

    def key_of(self, arguments: Mapping[str, Any]) -> str | None:
        return None if self.key is None else self.key.format(**arguments)


Definitions = Mapping[str, Definition]  # by name


def by_name(definitions: Iterable[Definition]) -> Definitions:
    return {definition.name: definition for definition in definitions}
