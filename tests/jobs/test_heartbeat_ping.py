"""The watcher outside is asked while the clock and a worker run, and only then."""

from dataclasses import replace

import pytest

from newsletter.installation import Installation
from newsletter.jobs import heartbeat_ping, ping_heartbeat_url
from newsletter.models.process import ProcessRole
from tests.heartbeats.rows import beat
from tests.jobs.conftest import NOW

URL = "https://watcher.example.org/s3cret"


class Watcher:
    """Stands in the place of a watcher's server, and of the net between."""

    def __init__(self) -> None:
        self.pings: list[str] = []
        self.failure = ""

    def ping(self, url: str) -> str:
        self.pings.append(url)
        return self.failure


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Watcher:
    server = Watcher()
    monkeypatch.setattr(heartbeat_ping, "ping", server.ping)
    monkeypatch.setattr(heartbeat_ping.LastPing, "failure", "")
    return server


@pytest.fixture
def watched(installation: Installation) -> Installation:
    return replace(installation, settings=replace(installation.settings, heartbeat_url=URL))


def test_it_is_asked_while_both_are_running(watched: Installation, watcher: Watcher) -> None:
    beat(watched.db, ProcessRole.CLOCK)
    beat(watched.db, ProcessRole.WORKER)
    ping_heartbeat_url(watched, NOW)
    assert watcher.pings == [URL]


@pytest.mark.parametrize("alone", [ProcessRole.CLOCK, ProcessRole.WORKER])
def test_it_hears_nothing_while_one_is_silent(
    watched: Installation, watcher: Watcher, alone: ProcessRole
) -> None:
    for role in ProcessRole:
        beat(watched.db, role, ago=0 if role is alone else 100)
    ping_heartbeat_url(watched, NOW)
    assert watcher.pings == []


def test_without_the_setting_nobody_is_asked(installation: Installation, watcher: Watcher) -> None:
    beat(installation.db, ProcessRole.CLOCK)
    beat(installation.db, ProcessRole.WORKER)
    ping_heartbeat_url(installation, NOW)
    assert watcher.pings == []


def test_a_watcher_that_does_not_answer_is_in_the_log_once(
    watched: Installation, watcher: Watcher, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    beat(watched.db, ProcessRole.CLOCK)
    beat(watched.db, ProcessRole.WORKER)
    for failure in ("status 500", "ConnectTimeout", "", "", "status 500"):
        watcher.failure = failure
        ping_heartbeat_url(watched, NOW)
    events = [vars(record)["event"] for record in caplog.records]
    assert events == ["heartbeat_url_failed", "heartbeat_url_back", "heartbeat_url_failed"]
    assert "s3cret" not in caplog.text
