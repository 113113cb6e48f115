"""A clock as its own process: for each moment that it is sent it looks once, and answers with the
dates of the issues that it began."""

from datetime import datetime
from multiprocessing.connection import Connection

from newsletter import jobs
from newsletter.installation import Installation
from newsletter.settings import Settings


def look_when_asked(environ: dict[str, str], pipe: Connection) -> None:
    installation = Installation.open(Settings.load(environ))
    pipe.send("ready")
    while True:
        now: datetime = pipe.recv()
        pipe.send(jobs.publish_due_issues(installation, now))
