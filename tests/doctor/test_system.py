"""The clock, and what is said of those that differ. The rest is tested by the command."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.doctor.findings import State
from newsletter.doctor.system import database_time, examine_clock
from newsletter.installation import Installation
from newsletter.settings import Settings

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("apart", "state"), [(0, State.OK), (-30, State.OK), (31, State.WARNING), (-31, State.WARNING)]
)
def test_a_clock_may_be_thirty_seconds_off(apart: int, state: State) -> None:
    [finding] = examine_clock(NOW, NOW + timedelta(seconds=apart), "the site")
    assert finding.state is state
    assert "the site" in finding.sentence


def test_a_clock_with_none_beside_it_is_shown() -> None:
    [finding] = examine_clock(NOW, None, "the site")
    assert (finding.state, "2026-11-20 12:00:00" in finding.sentence) == (State.OK, True)


def test_only_a_database_server_has_a_clock_of_its_own(
    environ: dict[str, str], database_url: str
) -> None:
    url = database_url.replace("postgresql+psycopg", "postgresql")
    installation = Installation.open(Settings.load({**environ, "DATABASE_URL": url}))
    moment = database_time(installation)
    installation.db.close()
    if url.startswith("sqlite"):
        assert moment is None
    else:
        assert moment is not None
        assert abs(moment - datetime.now(UTC)) < timedelta(seconds=30)
        assert moment.tzinfo is UTC
