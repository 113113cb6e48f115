"""What is kept for a time is forgotten once that is over (docs/operator.md has the periods)."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from newsletter.audience.retention import AT_ONCE, forget_ip_hashes, forget_pending
from newsletter.catalog.versions import withdrawals
from newsletter.curators.logins import forget_expired_sessions
from newsletter.installation import Installation
from newsletter.issues.notices import forget_settled
from newsletter.jobs.run import JobRun
from newsletter.services.datasets import discarded_files, withdrawing


def purge_ip_hashes(installation: Installation, now: datetime, run: JobRun | None = None) -> int:
    """Forget from where people agreed, whose time is over; returns how many."""
    return _repeatedly(forget_ip_hashes, installation, now, run)


def purge_pending_subscribers(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> int:
    """Forget people who did not confirm; returns how many."""
    return _repeatedly(forget_pending, installation, now, run)


def purge_notices(installation: Installation, now: datetime, run: JobRun | None = None) -> int:
    """Remove notices that were mailed or given up; returns how many."""
    return _repeatedly(forget_settled, installation, now, run)


def purge_sessions(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Remove sessions of curators that are over."""
    with installation.db.write() as session:
        forget_expired_sessions(session, now)


def erase_withdrawn(installation: Installation, now: datetime, run: JobRun | None = None) -> None:
    """Erase the data of what was withdrawn more than a day ago; the tombstone stays."""
    run = run or JobRun()
    with installation.db.read() as session:
        due = withdrawals.due(session, now)
    for version_id in due:
        with run.item(f"the version {version_id}"):
            withdrawing.erase_due(installation, version_id, now)


def remove_discarded_files(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Remove the files of what was deleted or withdrawn that nothing else has."""
    run = run or JobRun()
    with installation.db.read() as session:
        given_up = discarded_files.discarded(session)
    for key, is_used in given_up.items():
        with run.item(f"the file {key}"):
            discarded_files.remove(installation, key, is_used, now)


def _repeatedly(
    forget_some: Callable[[Session, datetime], int],
    installation: Installation,
    now: datetime,
    run: JobRun | None,
) -> int:
    """In transactions that hold the database's one writer for a moment each."""
    may_go_on, count = (run or JobRun()).may_go_on, 0
    while may_go_on():
        with installation.db.write() as session:
            number = forget_some(session, now)
        count += number
        if number < AT_ONCE:
            break
    return count
