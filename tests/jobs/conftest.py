"""An installation whose jobs are run by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.models.delivery import Notice
from newsletter.settings import Settings
from tests.migrated import migrate

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def installation(environ: dict[str, str]) -> Iterator[Installation]:
    """With two curators, and nothing else."""
    opened = Installation.open(Settings.load(environ))
    migrate(opened.db)
    with opened.db.write() as session:
        for address in ("ada@example.org", "ben@example.org"):
            session.add(
                Curator(address=address, address_key=address, password_hash="", created_at=NOW)
            )
    yield opened
    opened.db.close()


def alerts(installation: Installation) -> list[Notice]:
    with installation.db.read() as session:
        return list(session.scalars(select(Notice).order_by(Notice.id)))
