"""What a new web process does before it takes its first request, so that no reader waits for it:
templates are compiled, what is imported late is imported, and a connection is open."""

import logging
from collections.abc import Iterator

from flask import Flask, url_for

from newsletter.catalog import listing
from newsletter.installation import Installation
from newsletter.web.request_log import UNCOUNTED

log = logging.getLogger(__name__)

PAGES = ("/", "/issues/", "/datasets/", "/posts/", "/feed.atom")


def warm_up(app: Flask, installation: Installation) -> None:
    """Show the pages that are asked for most to nobody. If one fails it is left for a reader to
    meet: a site that is up says what is wrong."""
    for name in app.jinja_env.list_templates(filter_func=_is_page):
        app.jinja_env.get_template(name)
    client = app.test_client()
    for path in _asked_for_most(app, installation):
        answer = client.get(
            path, base_url=installation.settings.base_url, environ_base={UNCOUNTED: True}
        )
        if answer.status_code != 200:
            event = {"event": "not_warmed_up", "status": answer.status_code}
            log.warning("%s answered %d at the start", path, answer.status_code, extra=event)
            return


def _asked_for_most(app: Flask, installation: Installation) -> Iterator[str]:
    yield from PAGES
    with installation.db.read() as session:
        latest = listing.latest(session, 1)
    with app.test_request_context(base_url=installation.settings.base_url):
        yield from [url_for("datasets.page", slug=version.dataset.slug) for version in latest]


def _is_page(name: str) -> bool:
    return name.startswith(("site/", "admin/")) and name.endswith(".html")
