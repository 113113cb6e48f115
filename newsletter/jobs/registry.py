"""Every job that the scheduler runs: adding one is a function in a module, and an entry here.

The scheduler, ``newsletter clock --once`` and the demo read this list, and nothing else.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter import faults
from newsletter.faults import log_failure
from newsletter.installation import Installation
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import local_day
from newsletter.jobs.breakers import check_breakers
from newsletter.jobs.derived_files import compare_versions
from newsletter.jobs.empty_mondays import warn_of_empty_monday
from newsletter.jobs.heartbeat_ping import ping_heartbeat_url
from newsletter.jobs.publishing import publish_due_issues
from newsletter.jobs.retention import (
    erase_withdrawn,
    purge_ip_hashes,
    purge_notices,
    purge_pending_subscribers,
    purge_sessions,
    remove_discarded_files,
)
from newsletter.jobs.run import JobRun, always
from newsletter.jobs.submissions import (
    notify_submissions,
    purge_submitter_addresses,
    purge_unused_uploads,
)
from newsletter.jobs.tasks import purge_task_files, purge_tasks
from newsletter.jobs.upkeep import back_up_nightly, check_catalog
from newsletter.jobs.uploads import purge_stale_uploads
from newsletter.outages import is_away, outage, summary

log = logging.getLogger(__name__)

Function = Callable[[Installation, datetime, JobRun], object]
OFTEN = timedelta(seconds=15)
EVERY_MINUTE = timedelta(minutes=1)
HOURLY = timedelta(hours=1)
NAMED = 5  # of the items that failed


@dataclass(frozen=True, slots=True)
class Job:
    """What the clock asks for, again and again."""

    function: Function  # idempotent; commits by itself
    interval: timedelta
    purpose: str  # for people, after "it is there to"
    alerts_of_items: bool = False  # curators hear by the job itself of those that fail
    asks_strangers: bool = False  # for what is on their servers: the demo leaves it out

    @property
    def name(self) -> str:
        return getattr(self.function, "__name__", repr(self.function))


JOBS = (
    Job(
        publish_due_issues,
        OFTEN,
        "begin each planned issue at its moment",
        alerts_of_items=True,
    ),
    Job(
        warn_of_empty_monday,
        EVERY_MINUTE,
        "tell the curators of a Monday without a ready dataset",
    ),
    Job(check_breakers, OFTEN, "stop an issue of which too much bounces or is reported as spam"),
    Job(notify_submissions, EVERY_MINUTE, "tell the curators what readers brought"),
    Job(
        ping_heartbeat_url,
        EVERY_MINUTE,
        "tell a watcher outside that the clock and a worker are running",
        asks_strangers=True,
    ),
    Job(purge_submitter_addresses, HOURLY, "forget the addresses of readers who have an answer"),
    Job(purge_pending_subscribers, HOURLY, "forget people who have not confirmed in 30 days"),
    Job(purge_ip_hashes, HOURLY, "forget the hashes of the addresses from which people agreed"),
    Job(purge_notices, HOURLY, "remove notices that were mailed a month ago"),
    Job(purge_sessions, HOURLY, "remove sessions of curators that are over"),
    Job(purge_unused_uploads, HOURLY, "remove files that came with a form and were not kept"),
    Job(erase_withdrawn, HOURLY, "erase the data of what was withdrawn a day ago"),
    Job(
        remove_discarded_files,
        HOURLY,
        "remove the files of deleted drafts and of withdrawn data that nothing else has",
    ),
    Job(compare_versions, HOURLY, "compare versions before readers ask for it"),
    Job(purge_tasks, HOURLY, "remove tasks that ended a month ago, or failed three months ago"),
    Job(purge_task_files, HOURLY, "remove files that tasks no longer need"),
    Job(purge_stale_uploads, HOURLY, "remove uploads of curators that nobody goes on with or uses"),
    Job(back_up_nightly, HOURLY, "back up the database each night"),
    Job(
        check_catalog,
        HOURLY,
        "have the sources, dictionaries and files of the catalog checked once a week",
        asks_strangers=True,
    ),
)
LOCAL_JOBS = tuple(job for job in JOBS if not job.asks_strangers)


def run_job(
    job: Job,
    installation: Installation,
    now: datetime,
    may_go_on: Callable[[], bool] = always,
) -> bool:
    """Run a job; returns whether all of it went well. It raises nothing: a failure, also of one
    of its items, is logged, and the curators are told of it, once a day."""
    run = JobRun(may_go_on)
    try:
        job.function(installation, now, run)
    except Exception as error:
        if is_away(error):  # it is tried again all the time
            outage.note(summary(error))
            return False
        event = {"event": "job_failed", "job": job.name, "error": type(error).__name__}
        log_failure(log, f"{job.name} failed", error, event)
        _tell_of_failure(job, error, installation, now)
        return False
    outage.end()
    if run.failed_items:
        number = len(run.failed_items)
        log.error(
            "%s: %d items failed",
            job.name,
            number,
            extra={"event": "job_incomplete", "job": job.name, "failed": number},
        )
        if not job.alerts_of_items:
            _tell_of_items(job, run.failed_items, installation, now)
    return not run.failed_items


def run_all(installation: Installation, now: datetime, jobs: Sequence[Job] = JOBS) -> list[Job]:
    """Run each job, one after the other, whatever becomes of those before it; returns those
    that failed, or one of whose items did."""
    return [job for job in jobs if not run_job(job, installation, now)]


def _tell_of_items(job: Job, names: list[str], installation: Installation, now: datetime) -> None:
    more = f", and {len(names) - NAMED} more" if len(names) > NAMED else ""
    reason = f"It failed for {', '.join(names[:NAMED])}{more}. All others were done."
    _tell(job, "could not do all", reason, "items", installation, now)


def _tell_of_failure(job: Job, error: Exception, installation: Installation, now: datetime) -> None:
    kind = type(error).__name__
    # The text of any other error may quote an address or a secret.
    reason = faults.sentence(error) or f"It ended with {kind}."
    _tell(job, "failed", reason, kind, installation, now)


def _tell(
    job: Job, outcome: str, reason: str, kind: str, installation: Installation, now: datetime
) -> None:
    today = local_day(now, installation.settings.timezone)
    try:
        with installation.db.write() as session:
            alert_curators(
                session,
                f"The job {job.name} {outcome}",
                [
                    f"It is there to {job.purpose}.",
                    reason,
                    "It is tried again all the time.",
                    "If it goes on failing, have the log of the clock looked at.",
                ],
                path="/admin/",
                once=f"job-failed {job.name} {kind} {today}",
                now=now,
            )
    except Exception as error:
        log_failure(log, "nobody could be told", error, {"event": "alert_failed", "job": job.name})
