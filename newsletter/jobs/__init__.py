"""What runs unattended: ``registry`` lists it, and each module holds one idea of it.

A job is a plain function that may be called at any time, any number of times, by any
number of processes: what it has done once it does not do again. A job that the clock alone calls
need not be named here.
"""

from newsletter.jobs.breakers import check_breakers
from newsletter.jobs.delivering import deliver
from newsletter.jobs.derived_files import compare_dataset, compare_versions
from newsletter.jobs.empty_mondays import warn_of_empty_monday
from newsletter.jobs.heartbeat_ping import ping_heartbeat_url
from newsletter.jobs.publishing import publish_due_issues, publish_issue
from newsletter.jobs.registry import JOBS, LOCAL_JOBS, Job, run_all, run_job
from newsletter.jobs.run import JobRun
from newsletter.jobs.submissions import (
    notify_submissions,
    purge_submitter_addresses,
    purge_unused_uploads,
)
from newsletter.jobs.tasks import purge_task_files, purge_tasks
from newsletter.jobs.upkeep import check_catalog
from newsletter.jobs.uploads import purge_stale_uploads

__all__ = [
    "JOBS",
    "LOCAL_JOBS",
    "Job",
    "JobRun",
    "check_breakers",
    "check_catalog",
    "compare_dataset",
    "compare_versions",
    "deliver",
    "notify_submissions",
    "ping_heartbeat_url",
    "publish_due_issues",
    "publish_issue",
    "purge_stale_uploads",
    "purge_submitter_addresses",
    "purge_task_files",
    "purge_tasks",
    "purge_unused_uploads",
    "run_all",
    "run_job",
    "warn_of_empty_monday",
]
