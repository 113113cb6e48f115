"""The moments are those that they are called after, and every process shows them."""

import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from shutil import which

import pytest

from tests.days import ahead
from tests.days.__main__ import MOMENTS, PYTHON, ZONE

TODAYS = [date(2026, 1, 1) + timedelta(days=13 * n) for n in range(100)]
YEAR = 365 * 24 * 3600


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("monday", "Mon 08:50"),
        ("friday", "Fri 17:50"),
        ("new-year", "31 Dec 23:50"),
        ("leap-day", "29 Feb 11:50"),
    ],
)
def test_a_moment_is_what_it_is_called_and_still_to_come(name: str, shown: str) -> None:
    for today in TODAYS:
        moment = MOMENTS[name](today)
        assert moment.date() >= today
        assert all(part in f"{moment:%a %d %b %H:%M}" for part in shown.split())


@pytest.mark.parametrize("name", ["spring", "autumn"])
def test_clocks_change_a_little_after_the_moment(name: str) -> None:
    for today in TODAYS:
        before = MOMENTS[name](today)
        shown = [(before + timedelta(hours=hours)).astimezone(ZONE) for hours in (0, 2)]
        assert shown[0].utcoffset() != shown[1].utcoffset()


def test_every_python_shows_the_time_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ahead.AHEAD, str(YEAR))
    monkeypatch.setenv("PYTHONPATH", str(PYTHON))
    python = [sys.executable, "-c", "import time; time.sleep(0.01); print(time.time())"]
    assert _shown(python, ahead.of_python()) - time.time() == pytest.approx(YEAR, abs=3600)


@pytest.mark.skipif(which("faketime") is None, reason="faketime is not installed")
def test_a_server_shows_the_time_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ahead.AHEAD, str(YEAR))
    shown = _shown(["date", "+%s"], ahead.of_a_server())
    assert shown - time.time() == pytest.approx(YEAR, abs=3600)


def _shown(command: list[str], environ: dict[str, str]) -> float:
    return float(subprocess.run(command, env=environ, capture_output=True, check=True).stdout)


def test_without_a_moment_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ahead.AHEAD, raising=False)
    assert ahead.of_python() == ahead.of_a_server() == {}


def test_the_leap_day_of_a_leap_year_is_not_passed_over() -> None:
    assert MOMENTS["leap-day"](date(2027, 12, 1)) == datetime(2028, 2, 29, 11, 50, tzinfo=UTC)
