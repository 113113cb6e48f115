"""The clock and those that differ; a key and a database that are really broken."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.doctor.findings import State
from newsletter.doctor.system import database_time, examine_clock, examine_identity_provider
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.cli.conftest import Shell
from tests.doctor.test_files import findings
from tests.identity.forging import forging_provider

KEY = "another secret for the tests, 9876543210"
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


def test_a_key_that_is_lost_is_wrong_and_none_is_made(shell: Shell) -> None:
    key = shell.folder / "instance" / "secret_key"
    key.unlink()
    state, sentence = findings(shell)["secret key"]
    assert (state, "put the old one back" in sentence) == ("wrong", True)
    assert not key.exists()


def test_a_new_key_beside_old_data_is_wrong(shell: Shell) -> None:
    assert findings(shell)["secret key"][0] == "ok"
    shell.environ["SECRET_KEY"] = KEY
    state, sentence = findings(shell)["secret key"]
    assert (state, sentence[:14]) == ("wrong", "It is not the ")


def test_a_page_that_is_lost_in_the_middle_of_a_database_is_wrong(shell: Shell) -> None:
    file = shell.folder / "instance" / "newsletter.db"
    with closing(sqlite3.connect(file)) as database:
        page = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_audit_entry_who'"
        [number] = database.execute(page).fetchone()
        [size] = database.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as pages:
        pages.seek((number - 1) * size)
        pages.write(b"\xa5" * size)
    assert "damaged" in findings(shell)["database"][1]
    assert "processes" not in findings(shell)


def test_an_identity_provider_is_asked_where_one_is_set(environ: dict[str, str]) -> None:
    with forging_provider() as provider:
        settings = Settings.load(
            environ
            | {
                "NEWSLETTER_OIDC_ISSUER": provider.issuer,
                "NEWSLETTER_OIDC_CLIENT_ID": "newsletter",
                "NEWSLETTER_OIDC_CLIENT_SECRET": "secret",
            }
        )
        [finding] = examine_identity_provider(settings)
        assert (finding.state, provider.issuer in finding.sentence) == (State.OK, True)
        provider.discovery = {"issuer": f"{provider.issuer}/"}
        [finding] = examine_identity_provider(settings)
        assert (finding.state, "have to be the same" in finding.sentence) == (State.WARNING, True)
    [finding] = examine_identity_provider(settings)
    assert (finding.state, "does not answer" in finding.sentence) == (State.WARNING, True)
    assert list(examine_identity_provider(Settings.load(environ))) == []
