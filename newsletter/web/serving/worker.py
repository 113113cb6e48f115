"""A process of gunicorn's whose requests waitress takes."""

import os
import sys

from gunicorn.workers.base import Worker
from waitress.wasyncore import file_dispatcher

from newsletter.web.serving.patient_server import PatientServer

# Seconds after which a thread that computes lets another go on. Each statement and each write to a
# socket of an answer may wait so long for each page that is being made meanwhile: of Python's own
# 5 ms, a short answer waits longer than it takes.
SWITCH_INTERVAL = 0.0005


class PatientWorker(Worker):
    """gunicorn starts, watches and ends the processes; waitress serves in each of them."""

    def run(self) -> None:
        sys.setswitchinterval(SWITCH_INTERVAL)
        (bound,) = self.sockets
        server = PatientServer.on(bound.sock, self.wsgi, self.cfg.threads)
        _Signals(self.PIPE[0], map=server._map)
        while self.alive and os.getppid() == self.ppid:
            self.notify()
            server.step()
        server.stop(self.cfg.graceful_timeout)


class _Signals(file_dispatcher):
    """Ends a turn of the loop as a signal comes."""

    def handle_read(self) -> None:
        self.recv(512)

    def writable(self) -> bool:
        return False
