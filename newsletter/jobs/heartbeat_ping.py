"""A watcher outside is asked again and again, so that it hears when all of us are silent."""

import logging
from datetime import datetime

from newsletter.fetching.ping import ping
from newsletter.heartbeats.roll_call import call_roll
from newsletter.installation import Installation
from newsletter.jobs.run import JobRun

log = logging.getLogger(__name__)


class LastPing:
    """How it ended: a watcher that does not answer is in the log once, until it does again."""

    failure = ""


def ping_heartbeat_url(
    installation: Installation, now: datetime, run: JobRun | None = None
) -> None:
    """Ask NEWSLETTER_HEARTBEAT_URL, if it is set, while the clock and a worker are running."""
    url = installation.settings.heartbeat_url
    if not url:
        return
    with installation.db.read() as session:
        roll = call_roll(session)
    if not all(standing.is_running for standing in roll.standings):
        return
    failure = ping(url)
    if failure and not LastPing.failure:
        event = {"event": "heartbeat_url_failed", "reason": failure}
        log.warning("NEWSLETTER_HEARTBEAT_URL does not answer: %s", failure, extra=event)
    elif LastPing.failure and not failure:
        log.info("NEWSLETTER_HEARTBEAT_URL answers again", extra={"event": "heartbeat_url_back"})
    LastPing.failure = failure
