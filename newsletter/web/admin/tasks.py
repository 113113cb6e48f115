"""Long work as curators watch it: the list, one with its progress and log, cancel, try again."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.errors import Refused
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets.catalog_check import start_check
from newsletter.services.subscriber_transfer import exported
from newsletter.tasks import files, listing, queueing
from newsletter.web.admin.flash import flashing
from newsletter.web.admin.live import live
from newsletter.web.context import installation, page_number

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    chosen = request.args.get("state", "")
    state = TaskState(chosen) if chosen in set(TaskState) else None
    page = max(page_number(), 1)
    with installation().db.read() as session:
        counts = listing.counts(session)
        tasks = listing.latest(session, state, page)
    total = sum(counts.values()) if state is None else counts[state]
    return live(
        "admin/tasks.html",
        percent=listing.percent,
        tasks=tasks,
        counts=counts,
        state=state,
        page=page,
        has_older=page * listing.PAGE < total,
        goes_on=any(task.is_unfinished for task in tasks),
    )


@blueprint.get("/<int:task_id>")
def show(task_id: int) -> ResponseReturnValue:
    with installation().db.read() as session:
        task = queueing.get(session, task_id)
    return live(
        "admin/task.html",
        percent=listing.percent,
        task=task,
        file_url=_file_url(task),
        may_retry=task.state in (TaskState.FAILED, TaskState.CANCELLED)
        and files.has_what_it_needs(installation().storage, task),
        goes_on=task.is_unfinished,
    )


@blueprint.post("/<int:task_id>/cancel")
def cancel(task_id: int) -> ResponseReturnValue:
    with flashing("It is asked to stop."), installation().db.write() as session:
        queueing.cancel(session, task_id, current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task_id))


@blueprint.post("/<int:task_id>/retry")
def retry(task_id: int) -> ResponseReturnValue:
    with flashing("It waits for a worker."), installation().db.write() as session:
        queueing.retry(session, task_id, current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task_id))


@blueprint.post("/check-catalog")
def check_catalog() -> ResponseReturnValue:
    with installation().db.write() as session:
        task = start_check(session, [], current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task.id))


def _file_url(task: Task) -> str | None:
    """Where a file that it has made is downloaded; None: not by this curator, or no more."""
    try:
        exported(task, current_user.id, current_user.address, clock.now())
    except Refused:
        return None
    return url_for("admin.subscribers.download", task_id=task.id)
