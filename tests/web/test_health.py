"""What a supervisor asks."""

from flask.testing import FlaskClient

from newsletter import migrations
from newsletter.installation import Installation


def test_it_is_ready_when_the_database_is_migrated(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


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
