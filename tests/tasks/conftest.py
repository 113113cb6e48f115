"""An installation on each of the two databases, and kinds of work that are easy to follow."""

from collections.abc import Iterator

import pytest

from newsletter import clock
from newsletter.curators import accounts
from newsletter.db import Database
from newsletter.installation import Installation
from newsletter.models.curator import Role
from newsletter.settings import Settings


@pytest.fixture
def installation(
    environ: dict[str, str], database_url: str, db: Database
) -> Iterator[Installation]:
    """With one curator, who is told of what fails."""
    opened = Installation.open(Settings.load(environ | {"DATABASE_URL": database_url}))
    with opened.db.write() as session:
        accounts.add_curator(session, "ada@example.org", Role.OWNER, "a long password", clock.now())
    yield opened
    opened.db.close()
