"""Procrastinate's tables and functions, as part of our history.

Its package has its own history, as files of SQL that are never changed. Each revision of ours
names those that it applies, so that a revision makes the same of a database whichever version is
installed; a later version of the package brings files, and they come with a revision of ours.
The package is read and not imported.
"""

from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from newsletter.extras import PROCRASTINATE

# Up to version 3.10.
FIRST = (
    "00.00.00_01_initial",
    "00.05.00_01_drop_started_at_column",
    "00.05.00_02_drop_started_at_column",
    "00.05.00_03_drop_procrastinate_version_table",
    "00.06.00_01_fix_procrastinate_fetch_job",
    "00.07.01_01_fix_trigger_status_events_insert",
    "00.08.01_01_add_queueing_lock_column",
    "00.10.00_01_close_fetch_job_race_condition",
    "00.10.00_02_add_defer_job_function",
    "00.11.00_03_add_procrastinate_periodic_defers",
    "00.12.00_01_add_foreign_key_index",
    "00.14.00_01_add_locks_to_periodic_defer",
    "00.15.02_01_fix_procrastinate_defer_periodic_job",
    "00.16.00_01_add_finish_job_and_retry_job_functions",
    "00.17.00_01_add_trigger_on_job_deletion",
    "00.17.00_02_delete_finished_jobs",
    "00.17.00_03_add_checks_to_finish_job",
    "00.17.00_04_add_checks_to_retry_job",
    "00.18.01_01_fix_finish_job_compat_issue",
    "00.19.00_01_add_index_on_procrastinate_jobs",
    "00.22.00_01_add_kwargs_to_defer_periodic_job",
    "00.23.00_01_null_locks_excluded",
    "01.00.00_01_remove_old_finish_job_function",
    "01.01.01_01_job_id_bigint",
    "02.00.03_01_add_job_priority",
    "02.05.00_01_add_periodic_job_priority",
    "02.06.00_01_add_cancel_states",
    "02.08.00_01_add_additional_params_to_retry_job",
    "02.14.01_01_add_indexes_for_fetch_job",
    "03.00.00_01_pre_cancel_notification",
    "03.00.00_50_post_cancel_notification",
    "03.01.00_01_pre_add_heartbeat",
    "03.01.00_50_post_add_heartbeat",
    "03.02.00_01_pre_batch_defer_jobs",
    "03.02.00_50_post_batch_defer_jobs",
    "03.03.00_01_pre_priority_lock_fetch_job",
    "03.04.00_01_pre_add_retry_failed_job_procedure",
    "03.04.00_50_post_add_retry_failed_job_procedure",
)

# Functions before the types they return; a table takes its triggers along.
REMOVE = r"""
DO $$
DECLARE
    thing text;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs,
        procrastinate_workers CASCADE;
    FOR thing IN SELECT oid::regprocedure::text FROM pg_proc
        WHERE proname LIKE 'procrastinate\_%' AND pronamespace = current_schema()::regnamespace
    LOOP EXECUTE 'DROP FUNCTION ' || thing; END LOOP;
    FOR thing IN SELECT oid::regtype::text FROM pg_type
        WHERE typname LIKE 'procrastinate\_%' AND typtype IN ('e', 'c')
        AND typnamespace = current_schema()::regnamespace
    LOOP EXECUTE 'DROP TYPE ' || thing || ' CASCADE'; END LOOP;
END $$
"""


def apply(connection: Connection, files: tuple[str, ...]) -> None:
    """Run files of the package's history, in the transaction of ``connection``.

    Raises MissingExtra.
    """
    driver: Any = connection.connection.driver_connection
    for name in files:
        driver.execute((folder() / f"{name}.sql").read_text())


def remove(connection: Connection) -> None:
    """All that the package's history made, with what stands in it."""
    driver: Any = connection.connection.driver_connection
    driver.execute(REMOVE)


def folder() -> Path:
    """Where the package keeps its history. Raises MissingExtra."""
    PROCRASTINATE.require()
    return Path(str(distribution("procrastinate").locate_file("procrastinate/sql/migrations")))
