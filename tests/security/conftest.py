"""What the tests of hostile requests stand on: the site and the admin as tests/web has them."""

import pytest

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.task import Task
from newsletter.posts.cells import Code, Figure
from tests import factories
from tests.transports.conftest import smtp_sink
from tests.web.admin.conftest import curator, new_browser, nobody, owner, people
from tests.web.conftest import app, apps, client, clock_that_stands_still, new_app
from tests.web.conftest import seeded as without_posts

__all__ = [
    "app",
    "apps",
    "client",
    "clock_that_stands_still",
    "curator",
    "new_app",
    "new_browser",
    "nobody",
    "owner",
    "people",
    "smtp_sink",
    "without_posts",
]


@pytest.fixture
def seeded(without_posts: Installation) -> Installation:
    """With a task, and a post on the penguins, in which there is a figure."""
    storage = without_posts.storage
    with without_posts.db.write() as session:
        figure = Figure(factories.store(storage, factories.png(), ".png"), 60, 40, "Nothing")
        cells = (*factories.CELLS, Code("python", "plot()", True, (figure,)))
        factories.post(session, datasets.published(session, "penguins"), cells=cells)
        session.add(
            Task(
                name="catalog_check",
                title="Check the catalog",
                arguments={},
                started_by="owner@example.org",
                queue="default",
                created_at=factories.LONG_AGO,
                not_before=factories.LONG_AGO,
            )
        )
    return without_posts
