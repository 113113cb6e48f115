"""The starter catalog, with an issue on each dataset, served on loopback; nothing else answers."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from werkzeug.serving import make_server

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.web.app import create_app
from tests import factories
from tests.datasets.starter import SLUGS, starter_catalog
from tests.functional.site import free_port

LOOPBACK = {"127.0.0.1", "localhost"}


@dataclass(frozen=True)
class Starter:
    """A site that serves the starter catalog."""

    installation: Installation
    base_url: str

    def get(self, path: str) -> requests.Response:
        response = requests.get(f"{self.base_url}{path}", timeout=60)
        response.raise_for_status()
        return response


@pytest.fixture(scope="session")
def starter(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[Starter]:
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    installation = starter_catalog(shared_folder, tmp_path_factory.mktemp("starter"), base_url)
    with installation.db.write() as session:
        for at, slug in enumerate(SLUGS):
            version = datasets.published(session, slug)
            factories.issue(session, version, factories.MONDAY - timedelta(weeks=at))
    server = make_server("127.0.0.1", port, create_app(installation), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Starter(installation, base_url)
    server.shutdown()
    thread.join()
    server.server_close()
    installation.db.close()


@pytest.fixture(params=SLUGS)
def slug(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A validator that would fetch a schema or a context from elsewhere fails."""
    resolve = socket.getaddrinfo

    def resolved(host: Any, *arguments: Any, **more: Any) -> Any:
        assert host in LOOPBACK, f"{host} was asked for"
        return resolve(host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
