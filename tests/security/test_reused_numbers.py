"""Row "a token names a number that can be given again": after a restore a link reaches nobody
else."""

import base64
import shutil
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from newsletter import migrations
from newsletter.audience.links import PREFERENCES, UNSUBSCRIBE, token_of
from newsletter.installation import Installation
from newsletter.models import Subscriber
from newsletter.models.subscriber import Status
from tests import factories

PURPOSES = [UNSUBSCRIBE, PREFERENCES]


def subscribed(installation: Installation, address: str) -> Subscriber:
    with installation.db.write() as session:
        return factories.subscriber(session, installation.signer, address)


def status(installation: Installation, address: str) -> Status:
    with installation.db.read() as session:
        return session.scalars(select(Subscriber.status).where(Subscriber.address == address)).one()


def restored(installation: Installation, backup: Path) -> None:
    installation.db.close()
    shutil.copy(backup, str(installation.db.url.database))


@pytest.fixture
def backup(installation: Installation, tmp_path: Path) -> Path:
    """Of when Ann was the only subscriber."""
    subscribed(installation, "ann@example.org")
    with installation.db.one_statement() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    installation.db.close()
    return Path(shutil.copy(str(installation.db.url.database), tmp_path / "backup.db"))


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("binds_address", [True, False])
def test_after_a_restore_a_link_reaches_nobody_else(
    client: FlaskClient, installation: Installation, backup: Path, purpose: str, binds_address: bool
) -> None:
    ben = subscribed(installation, "ben@example.org")
    signer = installation.signer
    token = token_of(signer, purpose, ben) if binds_address else signer.sign(purpose, str(ben.id))
    restored(installation, backup)
    eve = subscribed(installation, "eve@example.org")
    assert eve.id == ben.id
    answers = [client.get(f"/{purpose}/{token}"), client.post(f"/{purpose}/{token}")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("eve@" not in answer.text for answer in answers)
    assert status(installation, "eve@example.org") is Status.ACTIVE


def test_who_was_there_before_links_bound_the_address_leaves_by_an_old_one(
    client: FlaskClient, installation: Installation
) -> None:
    ann = subscribed(installation, "ann@example.org")
    migrations.downgrade(installation.db, "0010")
    migrations.upgrade(installation.db)
    eve = subscribed(installation, "eve@example.org")
    sign = installation.signer.sign
    assert client.get(f"/preferences/{sign(PREFERENCES, str(ann.id))}").status_code == 200
    assert client.post(f"/unsubscribe/{sign(UNSUBSCRIBE, str(ann.id))}").status_code == 200
    assert client.post(f"/unsubscribe/{sign(UNSUBSCRIBE, str(eve.id))}").status_code == 404
    assert status(installation, "ann@example.org") is Status.UNSUBSCRIBED
    assert status(installation, "eve@example.org") is Status.ACTIVE


def test_no_link_shows_a_number(installation: Installation) -> None:
    with installation.db.write() as session:
        session.execute(text("INSERT INTO sqlite_sequence VALUES ('subscriber', 123456)"))
    ann = subscribed(installation, "ann@example.org")
    assert ann.id == 123457
    for purpose in PURPOSES:
        token = token_of(installation.signer, purpose, ann)
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for shown in (b"123457", ann.id.to_bytes(3, "big"), ann.id.to_bytes(3, "little")):
            assert shown not in raw[:-16]  # all but the signature
