"""What runs unattended. Each job is a plain function that may be called at any
time, any number of times, by any number of processes: what it has done once it
does not do again. A scheduler only says "look now".
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import uvloop
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.checks import weeks
from newsletter.catalog.checks.digest import digest
from newsletter.catalog.checks.examination import GoOn, always, examine
from newsletter.db import Database
from newsletter.delivery.issue_run.circuit_breakers import act, listen
from newsletter.delivery.issue_run.freeze import BY_A_CURATOR, freeze_issue
from newsletter.delivery.issue_run.timezone_waves import waves_of
from newsletter.delivery.queue import worker_liveness
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.errors import Conflict, Refused
from newsletter.installation import Installation
from newsletter.issues import calendar
from newsletter.issues.notices import alert_curators
from newsletter.issues.schedule import FRIDAY, Due, Waves, due, latest_day, local_day, monday_of
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.submissions import queue
from newsletter.submissions.form import OFFERED, OFFERED_FOR
from newsletter.transports import open_transport

log = logging.getLogger(__name__)


def publish_due_issues(installation: Installation, now: datetime) -> list[date]:
    """Freeze each planned issue whose moment has come; returns their dates.

    One that is past its deadline, or whose dataset is not ready, is left to the
    curators, who are told once.
    """
    settings = installation.settings
    with installation.db.read() as session:
        planned = select(Issue.id, Issue.date).where(
            Issue.state == IssueState.PLANNED, Issue.date <= latest_day(now)
        )
        waiting = [
            (issue_id, day, waves_of(session, day, settings))
            for issue_id, day in session.execute(planned.order_by(Issue.date)).all()
        ]
    begun: list[date] = []
    for issue_id, day, waves in waiting:
        match due(waves, now, settings.send_deadline):
            case Due.NOW:
                if _begin(installation, issue_id, day, now):
                    begun.append(day)
            case Due.TOO_LATE:
                _set_aside(installation, issue_id, waves, now)
            case Due.NOT_YET:
                pass
    return begun


def publish_issue(
    installation: Installation, day: date, now: datetime, kind: Kind = Kind.REGULAR
) -> None:
    """Begin the issue of ``day`` now, on a curator's word. Raises Refused."""
    with installation.db.write() as session:
        issue = calendar.get(session, day, kind)
        if not freeze_issue(
            session, issue, installation.settings, installation.storage, now, BY_A_CURATOR
        ):
            session.refresh(issue)
            raise Conflict(f"The issue of {issue.slot} is {issue.state.value} already.")


def warn_of_empty_monday(installation: Installation, now: datetime) -> date | None:
    """Tell the curators, on the Friday before and on the day, of a Monday that has no
    ready dataset; returns that Monday if there was something to tell."""
    settings = installation.settings
    today = local_day(now, settings.timezone)
    if today.weekday() == FRIDAY:
        monday = monday_of(today) + timedelta(weeks=1)
    elif today == monday_of(today):
        monday = today
    else:
        return None
    with installation.db.write() as session:
        lack = _lack(session, monday)
        if lack is None:
            return None
        when = "Today is" if monday == today else "The coming Monday is"
        told = alert_curators(
            session,
            f"No issue is ready for {monday}",
            [
                f"{when} {monday}, and {lack}",
                "Choose a dataset for it; until one is ready, nothing will be sent.",
            ],
            path="/admin/issues/",
            once=f"empty-monday {monday} {today}",
            now=now,
        )
    return monday if told else None


def notify_submissions(installation: Installation, now: datetime) -> None:
    """Tell the curators what readers brought in a day once it has passed, if it waits still."""
    zone = installation.settings.timezone
    with installation.db.read() as session:
        dated = [(local_day(s.created_at, zone), s) for s in queue.waiting(session)]
    past = [(day, s) for day, s in dated if day < local_day(now, zone)]
    if not past:
        return
    (day, newest), count = past[-1], len(dated)
    waits = f"{count} wait" if count > 1 else "1 waits"
    lines = [f"{waits} for you. The newest, of {day}:", f"“{newest.title}” by {newest.name}"]
    told = {"path": "/admin/submissions/", "once": f"submissions {day}"}
    with installation.db.write() as session:
        alert_curators(session, "Readers brought something", lines, now=now, **told)


def check_breakers(installation: Installation, now: datetime) -> None:
    """Stop an issue of which too much bounces or is reported as spam; tell the curators."""
    breakers = installation.settings.breakers
    with installation.db.read() as session:
        troubled = listen(session, breakers, now)
    for issue_id in troubled:
        with installation.db.write() as session:
            act(session, issue_id, breakers, now)


def deliver(
    installation: Installation,
    until_idle: bool = True,
    now: Callable[[], datetime] = clock.now,
    stop: threading.Event | None = None,
) -> int:
    """Send what the ledger says is due; returns how many messages were settled.

    Runs until nothing is due (``until_idle``), ``stop`` is set, or SIGTERM or
    SIGINT. Raises BadSetting, or Unavailable if nothing can be handed over.
    """
    settings = installation.settings
    transport = open_transport(settings.mail_url, settings.host)
    envelopes = Envelopes(settings, installation.storage, installation.signer)
    with worker_liveness.registered(settings.home) as worker:
        db = Database(settings.database_url, for_sender=True)
        rate, breakers = settings.rate, settings.breakers
        store = WorkerStore(
            db, envelopes, settings.home, worker, rate.per_day, breakers, rate.warm_up
        )

        async def send() -> int:
            connections, domain_rate = settings.connections, settings.domain_rate
            sender = Sender(store, transport, connections, rate.per_second, now, domain_rate)
            with _stopped_by_signals(sender):
                watching = asyncio.create_task(_stopped_by(stop, sender))
                try:
                    return await sender.run(until_idle)
                finally:
                    watching.cancel()

        try:
            return uvloop.run(send())
        finally:
            db.close()


def check_catalog(installation: Installation, now: datetime, go_on: GoOn = always) -> bool:
    """Look after the catalog once a week, and mail the curators what there is to say; returns
    whether it was done now. Where ``go_on`` says no it is left to the next look."""
    settings, db = installation.settings, installation.db
    week = weeks.due_week(local_day(now, settings.timezone))
    if week is None:
        return False
    with db.write() as session:
        if not weeks.begin(session, week, now):
            return False
    is_done = False
    try:
        found = digest(examine(db, installation.storage, settings, now, go_on=go_on))
        with db.write() as session:
            if go_on():
                if found is not None:
                    alert_curators(
                        session, *found, path="/admin/datasets/", once=f"upkeep {week}", now=now
                    )
                weeks.finish(session, week, now)
                is_done = True
    finally:
        if not is_done:
            with db.write() as session:
                weeks.give_back(session, week)
    return is_done


def purge_submitter_addresses(installation: Installation, now: datetime) -> None:
    """Forget the addresses of people who brought something and have their answer, and remove
    the files that came with a form and that nobody keeps."""
    with installation.db.write() as session:
        queue.forget_addresses(session, now)
        kept = queue.kept_files(session)
    installation.storage.remove_unused(OFFERED, kept, now - OFFERED_FOR)


def run_due(installation: Installation, now: datetime) -> None:
    """All that the clock asks for, one after the other; one failing stops no other."""
    for job in (publish_due_issues, warn_of_empty_monday, check_breakers, notify_submissions):
        try:
            job(installation, now)
        except Exception:
            log.exception("%s failed", job.__name__, extra={"event": "job_failed"})


def _begin(installation: Installation, issue_id: int, day: date, now: datetime) -> bool:
    try:
        with installation.db.write() as session:
            issue = session.get_one(Issue, issue_id)
            settings, storage = installation.settings, installation.storage
            waves = waves_of(session, day, settings)
            if not freeze_issue(session, issue, settings, storage, now, waves=waves):
                return False
    except Refused as error:
        with installation.db.write() as session:
            slot = session.get_one(Issue, issue_id).slot
            alert_curators(
                session,
                f"The issue of {slot} could not be sent",
                [str(error)],
                path=f"/admin/issues/{slot}",
                once=f"not-ready {slot} {error}",
                now=now,
            )
        return False
    log.info("issue %s is being sent", day, extra={"event": "issue_frozen", "date": str(day)})
    return True


def _set_aside(installation: Installation, issue_id: int, waves: Waves, now: datetime) -> None:
    with installation.db.write() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.state is not IssueState.PLANNED:
            return
        issue.state = IssueState.LATE
        slot, begin = issue.slot, waves.first
        alert_curators(
            session,
            f"The issue of {slot} is late",
            [
                f"It should have begun at {begin:%Y-%m-%d %H:%M} UTC, and its deadline has passed.",
                "Send it now, or cancel it.",
            ],
            path=f"/admin/issues/{slot}",
            once=f"late {slot}",
            now=now,
        )


def _lack(session: Session, monday: date) -> str | None:
    """What the issue of a Monday lacks, as the end of a sentence; None: nothing."""
    issue = calendar.find(session, monday)
    if issue is None or issue.state is IssueState.CANCELLED:
        return "no dataset is planned for it."
    if issue.state is not IssueState.PLANNED or issue.version is None:
        return None
    problems = datasets.problems_of(issue.version)
    return f"“{issue.version.title}” is not ready. {' '.join(problems)}" if problems else None


async def _stopped_by(stop: threading.Event | None, sender: Sender) -> None:
    while stop is not None:
        if stop.is_set():
            sender.stop()
            return
        await asyncio.sleep(0.1)


@contextmanager
def _stopped_by_signals(sender: Sender) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    try:
        for number in signals:
            loop.add_signal_handler(number, sender.stop)
    except (RuntimeError, ValueError):  # not in the main thread: whoever runs us stops us
        yield
        return
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
