"""Doctor tells of backups that are old, and of none."""

from datetime import timedelta

import pytest

from newsletter import clock
from newsletter.doctor.backups import examine_backups
from newsletter.doctor.findings import State
from newsletter.installation import Installation
from newsletter.settings import Settings
from tests.migrated import migrate


def state(installation: Installation, days: int = 0) -> tuple[State, str]:
    [finding] = examine_backups(installation, clock.now() + timedelta(days=days))
    return finding.state, finding.sentence


def test_a_new_installation_has_none_yet(installation: Installation) -> None:
    assert state(installation)[0] is State.OK
    condition, sentence = state(installation, days=3)
    assert (condition, sentence[:12]) == (State.WRONG, "There is non")


@pytest.mark.parametrize(("days", "expected"), [(0, State.OK), (1, State.OK), (2, State.WRONG)])
def test_one_that_is_old_is_wrong(installation: Installation, days: int, expected: State) -> None:
    folder = installation.settings.backup_folder
    folder.mkdir(parents=True)
    (folder / f"newsletter-{clock.now().date()}.db").touch()
    condition, sentence = state(installation, days)
    assert condition is expected
    assert str(clock.now().date()) in sentence


def test_none_that_is_wanted_is_a_warning(environ: dict[str, str]) -> None:
    opened = Installation.open(Settings.load(environ | {"NEWSLETTER_BACKUPS": "0"}))
    assert state(opened)[0] is State.WARNING
    opened.db.close()


def test_a_server_without_pg_dump_is_a_warning(
    environ: dict[str, str], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    opened = Installation.open(Settings.load({**environ, "DATABASE_URL": postgres_url}))
    migrate(opened.db)
    condition, sentence = state(opened)
    assert (condition, "no pg_dump" in sentence) == (State.WARNING, True)
    opened.db.close()
