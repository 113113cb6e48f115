"""An installation with the penguins in its catalog."""

from collections.abc import Iterator

import pytest

from newsletter.installation import Installation
from newsletter.settings import Settings
from tests import factories
from tests.migrated import migrate


@pytest.fixture
def checked(settings: Settings) -> Iterator[Installation]:
    opened = Installation.open(settings)
    migrate(opened.db)
    with opened.db.write() as session:
        factories.dataset(session, opened.storage)
    yield opened
    opened.db.close()
