"""Tasks that ended are forgotten in time, and so are the files that they no longer need."""

from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select

from newsletter.installation import Installation
from newsletter.jobs.run import JobRun
from newsletter.models.task import Task, TaskState
from newsletter.tasks import files

KEPT_FOR = {
    TaskState.DONE: timedelta(days=30),
    TaskState.CANCELLED: timedelta(days=30),
    TaskState.FAILED: timedelta(days=90),
}
AT_ONCE = 500  # tasks that one transaction removes


def purge_tasks(installation: Installation, now: datetime, run: JobRun | None = None) -> int:
    """Remove tasks that ended long ago; returns how many."""
    may_go_on, count = (run or JobRun()).may_go_on, 0
    over = or_(
        *(
            and_(Task.state == state, Task.finished_at < now - time)
            for state, time in KEPT_FOR.items()
        )
    )
    while may_go_on():
        with installation.db.write() as session:
            ids = list(session.scalars(select(Task.id).where(over).limit(AT_ONCE)))
            session.execute(delete(Task).where(Task.id.in_(ids)))
        count += len(ids)
        if len(ids) < AT_ONCE:
            break
    return count


def purge_task_files(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Remove what tasks were brought that have ended, what they made more than a day ago, and
    what killed processes left."""
    run = run or JobRun()
    storage = installation.storage
    with installation.db.read() as session:
        in_use = files.in_use(session, now)
        running = set(session.scalars(select(Task.id).where(Task.state == TaskState.RUNNING)))
    for key in storage.unused(files.OF_TASKS, in_use, now - files.PROMISED_WITHIN):
        with run.item(f"the file {key}"):
            storage.remove(key)
    storage.remove_staged(now - files.KEPT_FOR)
    files.remove_workspaces(installation.settings.home, running)
