"""Serving the app: gunicorn's processes with waitress in each, or waitress alone for the demo."""

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLog

from newsletter.errors import BadSetting
from newsletter.host.log_format import LogFormat
from newsletter.installation import Installation
from newsletter.jobs.heartbeat import Heartbeat
from newsletter.models.process import ProcessRole
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.web.outbox import outbox
from newsletter.web.serving.patient_server import PatientServer
from newsletter.web.serving.worker import PatientWorker
from newsletter.web.warm_up import warm_up

TIMEOUT_SECONDS = 120  # a large upload is received and stored within a request


class _Log(GunicornLog):
    """The server's own lines, which may name an address of the site: a link is a secret."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(LogFormat(self.error_fmt, self.datefmt))


class _Gunicorn(BaseApplication):
    def __init__(self, make: Callable[[], Any], options: dict[str, Any]) -> None:
        self._make = make
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        assert self.cfg is not None  # noqa: S101
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._make()


def serve(installation: Installation) -> None:
    """Serve at the address and the port of the settings, until interrupted."""
    installation.db.close()  # each worker process opens connections of its own
    settings = installation.settings
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    options = {
        "bind": f"{host}:{settings.port}",
        "worker_class": PatientWorker,
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "timeout": TIMEOUT_SECONDS,
        "accesslog": None,
        "logger_class": _Log,
        "control_socket_disable": True,
        **_hooks(settings),
    }
    _Gunicorn(lambda: create_app(Installation.open(settings)), options).run()


def _hooks(settings: Settings) -> dict[str, Callable[..., None]]:
    """What lets each worker process be warm before its first request, and have a heartbeat from
    after its fork to its end."""
    heartbeats: list[Heartbeat] = []

    def begin(worker: Any) -> None:
        opened = Installation.open(settings)
        warm_up(worker.wsgi, opened)
        heartbeats.append(Heartbeat(opened, ProcessRole.WEB))
        heartbeats[-1].start()

    def end(arbiter: object, worker: object) -> None:
        for heartbeat in heartbeats:
            heartbeat.stop()

    return {"post_worker_init": begin, "worker_exit": end}


def demo_app(installation: Installation) -> Flask:
    """The app of an installation that mails to a maildir, with an outbox to look into."""
    app = create_app(installation)
    app.register_blueprint(outbox(Path(installation.settings.mail_url.removeprefix("maildir:"))))
    return app


def reserve(installation: Installation) -> PatientServer:
    """A server of the demo in this process alone, bound to its port.

    Raises BadSetting if the port is in use.
    """
    settings = installation.settings
    bound = socket.socket(socket.AF_INET6 if ":" in settings.bind else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((settings.bind, settings.port))
    except OSError as error:
        bound.close()
        raise BadSetting(
            f"PORT: {settings.port} is in use at {settings.bind}; set another."
        ) from error
    return PatientServer.on(bound, demo_app(installation), settings.web_threads)


def serve_here(server: PatientServer) -> None:
    """Serve in this thread until interrupted."""
    with suppress(KeyboardInterrupt):
        while True:
            server.step()
