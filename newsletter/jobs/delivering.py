"""Send what the ledger says is due: what a worker does all the time, and no clock asks for."""

import asyncio
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import uvloop
from sqlalchemy.exc import DBAPIError

from newsletter import clock
from newsletter.backups import permission
from newsletter.db import Database
from newsletter.delivery.queue import worker_liveness
from newsletter.delivery.sending.envelopes import Envelopes
from newsletter.delivery.sending.sender import Sender
from newsletter.delivery.sending.worker_store import WorkerStore
from newsletter.errors import Conflict
from newsletter.installation import Installation
from newsletter.outages import is_transient, outage, summary
from newsletter.transports import open_transport

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # between two looks whether a restored home may send


def deliver(
    installation: Installation,
    until_idle: bool = True,
    now: Callable[[], datetime] = clock.now,
    stop: threading.Event | None = None,
    on_stop: Callable[[], object] = lambda: None,
) -> int:
    """Send what the ledger says is due; returns how many messages were settled.

    Runs until nothing is due (``until_idle``), ``stop`` is set, or SIGTERM or
    SIGINT, when ``on_stop`` is called at once. Raises BadSetting, or Unavailable
    if nothing can be handed over.
    """
    if not _wait_to_be_allowed(installation, until_idle, stop):
        return 0
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
            with _stopped_by_signals(sender, on_stop):
                watching = asyncio.create_task(_stopped_by(stop, sender))
                try:
                    return await sender.run(until_idle)
                finally:
                    watching.cancel()

        try:
            return uvloop.run(send())
        finally:
            db.close()


def _wait_to_be_allowed(
    installation: Installation, until_idle: bool, stop: threading.Event | None
) -> bool:
    """Whether it may send now; no, where it is to stop before it may. Raises Conflict in place of
    waiting ``until_idle``."""
    is_noted = False
    while True:
        try:
            with installation.db.read() as session:
                if permission.may_send(session):
                    return True
        except DBAPIError as error:
            if until_idle or not is_transient(error):
                raise
            outage.note(summary(error))
            is_held = False
        else:
            is_held = True
        if is_held and until_idle:
            raise Conflict(permission.HELD)
        if is_held and not is_noted:
            log.warning("%s", permission.HELD, extra={"event": "sending_held"})
            is_noted = True
        if stop is None:
            time.sleep(LOOK_SECONDS)  # which a signal to end interrupts: see engine.ending
        elif stop.wait(LOOK_SECONDS):
            return False


async def _stopped_by(stop: threading.Event | None, sender: Sender) -> None:
    while stop is not None:
        if stop.is_set():
            sender.stop()
            return
        await asyncio.sleep(0.1)


@contextmanager
def _stopped_by_signals(sender: Sender, on_stop: Callable[[], object]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def stop() -> None:
        sender.stop()
        on_stop()

    try:
        for number in signals:
            loop.add_signal_handler(number, stop)
    except (RuntimeError, ValueError):  # not in the main thread: whoever runs us stops us
        yield
        return
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
