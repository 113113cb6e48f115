"""What a supervisor asks."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import text

from newsletter import clock, migrations
from newsletter.heartbeats.roll_call import in_utc
from newsletter.installation import Installation
from newsletter.models.process import ProcessRole
from newsletter.tokens import SEAL, seal_of
from tests.heartbeats.rows import beat


def test_it_is_ready_when_the_database_is_migrated(
    client: FlaskClient, installation: Installation
) -> None:
    answer = client.get("/healthz")
    assert answer.text == "ok\n"
    assert answer.headers[SEAL] == seal_of(installation.signer)
    assert client.get("/readyz").text == "ready\nclock: not running\nworker: not running\n"


def test_a_site_is_ready_whatever_became_of_the_clock(
    client: FlaskClient, installation: Installation
) -> None:
    beat(installation.db, ProcessRole.CLOCK, ago=100)
    beat(installation.db, ProcessRole.WORKER)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    since = in_utc(clock.now() - timedelta(seconds=100))
    assert answer.text == f"ready\nclock: silent since {since}\nworker: running\n"


def test_it_is_not_ready_before_the_migrations(
    client: FlaskClient, installation: Installation
) -> None:
    migrations.downgrade(installation.db, "base")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "newsletter db upgrade" in response.text
    assert client.get("/healthz").status_code == 200


def test_it_is_not_ready_without_the_database(
    client: FlaskClient, installation: Installation
) -> None:
    installation.db.close()
    place = installation.settings.home / "newsletter.db"
    for file in place.parent.glob("newsletter.db*"):
        file.unlink()
    place.mkdir()
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.text == "The database does not answer.\n"


def test_beside_a_newer_program_it_stays_ready(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.text.splitlines()[:2] == [
        "ready",
        "database: of a newer version; upgrade this process, too",
    ]
