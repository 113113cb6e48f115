"""A web server on loopback, of which the tests say what it answers."""

import threading
from collections.abc import Iterator

import pytest

from tests.fetching.web import Web


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()
