"""The front page: this week's dataset, the form, and what came before."""

from flask import Blueprint, render_template

from newsletter.catalog import listing
from newsletter.issues import archive
from newsletter.web.context import installation
from newsletter.web.responses.page_cache import kept
from newsletter.web.site.datasets import facts

blueprint = Blueprint("home", __name__)

RECENT = 6


@blueprint.get("/")
@kept
def home() -> str:
    base_url = installation().settings.base_url
    with installation().db.read() as session:
        latest = archive.latest(session)
        shown = latest.version_id if latest else None
        return render_template(
            "site/home.html",
            latest=latest,
            glance=facts.glance(latest.version, base_url) if latest and latest.version else [],
            recent=listing.latest(session, RECENT, besides=shown),
            count=listing.count_published(session),
        )
