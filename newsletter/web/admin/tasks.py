"""Long work as curators watch it: the list, one with its progress and log, cancel, try again."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.errors import Refused
from newsletter.models.task import Task, TaskState
from newsletter.services.datasets.catalog_check import start_check
from newsletter.services.subscriber_transfer import (
    EXPORT_SUBSCRIBERS,
    IMPORT_SUBSCRIBERS,
    exported,
)
from newsletter.tasks import files, listing, queueing
from newsletter.web.admin.flash import flashing
from newsletter.web.admin.live import live
from newsletter.web.auth import needs, require
from newsletter.web.context import installation, page_number

blueprint = Blueprint("tasks", __name__, url_prefix="/tasks")

OF_SUBSCRIBERS = frozenset({IMPORT_SUBSCRIBERS.name, EXPORT_SUBSCRIBERS.name})


@blueprint.get("/")
@needs(Permission.LOOK)
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
@needs(Permission.LOOK)
def show(task_id: int) -> ResponseReturnValue:
    with installation().db.read() as session:
        task = queueing.get(session, task_id)
    _require_what_it_takes(task)
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
@needs(Permission.PUBLISH)
def cancel(task_id: int) -> ResponseReturnValue:
    with flashing("It is asked to stop."), installation().db.write() as session:
        _require_what_it_takes(queueing.get(session, task_id))
        queueing.cancel(session, task_id, current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task_id))


@blueprint.post("/<int:task_id>/retry")
@needs(Permission.PUBLISH)
def retry(task_id: int) -> ResponseReturnValue:
    with flashing("It waits for a worker."), installation().db.write() as session:
        _require_what_it_takes(queueing.get(session, task_id))
        queueing.retry(session, task_id, current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task_id))


@blueprint.post("/check-catalog")
@needs(Permission.PUBLISH)
def check_catalog() -> ResponseReturnValue:
    with installation().db.write() as session:
        task = start_check(session, [], current_user.address, clock.now())
    return redirect(url_for("admin.tasks.show", task_id=task.id))


def _require_what_it_takes(task: Task) -> None:
    """What a task says of subscribers is for those who may see them."""
    if task.name in OF_SUBSCRIBERS:
        require(Permission.SUBSCRIBERS)


def _file_url(task: Task) -> str | None:
    """Where a file that it has made is downloaded; None: not by this curator, or no more."""
    try:
        exported(task, current_user.id, current_user.address, clock.now())
    except Refused:
        return None
    return url_for("admin.subscribers.download", task_id=task.id)
