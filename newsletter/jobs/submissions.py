"""What readers bring: the curators hear of it, and what is not needed is forgotten."""

from datetime import datetime

from newsletter.installation import Installation
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import local_day
from newsletter.jobs.run import JobRun
from newsletter.submissions import queue
from newsletter.submissions.form import OFFERED, OFFERED_FOR


def notify_submissions(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Tell the curators what readers brought in a day once it has passed, if it waits still."""
    zone = installation.settings.timezone
    with installation.db.read() as session:
        dated = [(local_day(s.created_at, zone), s) for s in queue.waiting(session)]
    past = [(day, s) for day, s in dated if day < local_day(now, zone)]
    if not past:
        return
    (day, newest), count = past[-1], len(dated)
    waits = f"{count} wait" if count > 1 else "1 waits"
    with installation.db.write() as session:
        alert_curators(
            session,
            "Readers brought something",
            [f"{waits} for you. The newest, of {day}:", f"“{newest.title}” by {newest.name}"],
            path="/admin/submissions/",
            once=f"submissions {day}",
            now=now,
        )


def purge_submitter_addresses(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Forget the addresses of people who brought something and have their answer."""
    with installation.db.write() as session:
        queue.forget_addresses(session, now)


def purge_unused_uploads(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Remove the files that came with a form and that nobody keeps."""
    run = run or JobRun()
    storage = installation.storage
    with installation.db.read() as session:
        kept = queue.kept_files(session)
    for key in storage.unused(OFFERED, kept, now - OFFERED_FOR):
        with run.item(f"the upload {key}"):
            storage.remove(key)
