"""Certificates that only a test trusts, and an SMTP server that runs beside the test."""

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.cli.conftest import empty as empty
from tests.cli.conftest import furnished as furnished
from tests.cli.conftest import shell as shell
from tests.transports.conftest import authority as authority
from tests.transports.conftest import cafile as cafile
from tests.transports.conftest import certified as certified
from tests.transports.conftest import self_signed as self_signed
from tests.transports.scripted import ScriptedServer


@pytest.fixture
def beside() -> Iterator[Callable[[ScriptedServer], ScriptedServer]]:
    """Starts a server on an event loop of its own; it ends with the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    started: list[ScriptedServer] = []

    def start(server: ScriptedServer) -> ScriptedServer:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(10)
        started.append(server)
        return server

    yield start
    for server in started:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
