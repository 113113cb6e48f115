"""Posts of the catalog, run as a task: by the command that asks, or by `newsletter post worker`.

A post's code is run from the command line alone. So the task has a queue of its own, which no
other worker takes from.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from newsletter import clock
from newsletter.posts.running.limits import RunLimits
from newsletter.posts.running.run import Ran
from newsletter.posts.running.run_published import keep, run_held, shown_cells
from newsletter.posts.running.sandbox import why_not
from newsletter.tasks.attempt import Attempt
from newsletter.tasks.definition import Definition

QUEUE = "posts"
SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one post, as it is told, and as a task keeps it."""

    post: str
    status: str
    sentence: str
    has_failed: bool
    record: dict[str, Any]  # without its outputs

    @classmethod
    def of(cls, ran: Ran) -> "Outcome":
        if ran.record is None:
            record = {"status": SKIPPED, "error": ran.note}
        else:
            record = ran.record.model_dump(mode="json", exclude={"outputs"})
        return cls(ran.name, record["status"], ran.sentence, ran.failed, record)

    @property
    def is_skipped(self) -> bool:
        return self.status == SKIPPED


def is_confined(allow_unconfined: bool) -> bool:
    """Whether posts are shut in: wherever that is possible, or they may not run without."""
    return not (allow_unconfined and why_not())


def run_posts(
    attempt: Attempt, slugs: Sequence[str], seconds: float, allow_unconfined: bool = False
) -> dict[str, Any]:
    """Run the posts of ``slugs``; each is recorded once."""
    allow_unconfined |= attempt.installation.settings.posts_unconfined
    opened, now = attempt.installation, clock.now()
    outcomes: list[Any] = (attempt.result or {"posts": []})["posts"]
    attempt.progress(total=len(slugs))
    waiting = slugs[attempt.done :]
    limits = RunLimits(seconds=seconds, is_confined=is_confined(allow_unconfined))
    running = run_held(opened.db, opened.storage, waiting, limits, now, attempt.progress)
    with closing(running):  # which ends those that run still
        for ran in running:
            cells = shown_cells(opened.db, opened.storage, ran)
            outcomes = [*outcomes, asdict(Outcome.of(ran))]
            with attempt.commit(attempt.done + 1, note=ran.name) as session:
                keep(session, ran, cells, now)
                attempt.result = {"posts": outcomes}
    return {"posts": outcomes}


RUN_POSTS = Definition(
    name="run-posts",
    title="Run posts",
    run=run_posts,
    queue=QUEUE,
    time_limit=timedelta(hours=12),
    crashes=2,
    lock="run-posts",
)
