"""A stand on each kind of database, and the processes that it starts."""

from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.crash.mail_server import MailServer
from tests.crash.stand import Stand, processes


@pytest.fixture(scope="session")
def process_context() -> ForkServerContext:
    return processes()


@pytest.fixture
def crash_mail(process_context: ForkServerContext) -> Iterator[MailServer]:
    server = MailServer(process_context)
    yield server
    server.close()


@pytest.fixture
def stand(
    process_context: ForkServerContext,
    crash_mail: MailServer,
    database_url: str,
    environ: dict[str, str],
    tmp_path: Path,
) -> Iterator[Stand]:
    """One on each kind of database."""
    opened = Stand(process_context, crash_mail, tmp_path, database_url, environ)
    yield opened
    opened.close()
