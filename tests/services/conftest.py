"""An installation with the penguins in its catalog, and one with two curators."""

from collections.abc import Iterator

import pytest

from newsletter.installation import Installation
from newsletter.models.curator import Curator
from newsletter.settings import Settings
from tests import factories
from tests.factories import LONG_AGO
from tests.migrated import migrate

ADA, BEN = 1, 2  # their numbers


@pytest.fixture
def checked(settings: Settings) -> Iterator[Installation]:
    opened = Installation.open(settings)
    migrate(opened.db)
    with opened.db.write() as session:
        factories.dataset(session, opened.storage)
    yield opened
    opened.db.close()


@pytest.fixture
def on_both(environ: dict[str, str], database_url: str) -> Iterator[Installation]:
    """With two curators, once on each database."""
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    migrate(opened.db)
    with opened.db.write() as session:
        for number, address in ((ADA, "ada@example.org"), (BEN, "ben@example.org")):
            session.add(
                Curator(
                    id=number,
                    address=address,
                    address_key=address,
                    password_hash="",
                    created_at=LONG_AGO,
                )
            )
    yield opened
    opened.db.close()
