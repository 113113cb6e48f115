from datetime import timedelta

from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import LONGEST_WAIT, Definition


def nothing(_attempt: Attempt, slug: str) -> None:
    """Work that is none."""


IMPORT = Definition(
    "import", "Import", nothing, wait=timedelta(seconds=10), lock="import {slug}", key="{slug}"
)


def test_each_failure_is_waited_after_twice_as_long_up_to_a_limit() -> None:
    waits = [IMPORT.wait_after(failures).total_seconds() for failures in (1, 2, 3)]
    assert waits == [10, 20, 40]
    assert IMPORT.wait_after(1_000) == LONGEST_WAIT


def test_lock_and_key_name_arguments() -> None:
    assert IMPORT.lock_of({"slug": "rain"}) == "import rain"
    assert IMPORT.key_of({"slug": "rain"}) == "rain"
    assert Definition("free", "Free", nothing).lock_of({"slug": "rain"}) is None
