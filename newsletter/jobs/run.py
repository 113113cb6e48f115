"""One run of a job: whether it may go on, and which of its items failed."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsletter.faults import log_failure
from newsletter.outages import is_away

log = logging.getLogger(__name__)


def always() -> bool:
    return True


class JobRun:
    """What a job is given for a run, and what is known of the run afterwards."""

    def __init__(self, may_go_on: Callable[[], bool] = always) -> None:
        """``may_go_on``: no, once the process is to end; a long job then ends early."""
        self.may_go_on = may_go_on
        self.failed_items: list[str] = []

    @contextmanager
    def item(self, name: str) -> Iterator[None]:
        """Work on one item of a job: if it fails, it is logged and counted, and the job goes on
        with the next. ``name`` holds no address and no secret."""
        try:
            yield
        except Exception as error:
            if is_away(error):  # for the others, too
                raise
            self.failed_items.append(name)
            event = {"event": "job_item_failed", "item": name, "error": type(error).__name__}
            log_failure(log, f"{name} failed", error, event)
