"""The front page: this week's dataset, the form, and what came before."""

from datetime import UTC, datetime

from flask import Blueprint, render_template

from newsletter.catalog import datasets
from newsletter.issues import calendar
from newsletter.models.dataset import Version
from newsletter.models.issue import Kind
from newsletter.web.context import installation
from newsletter.web.site.datasets import facts

blueprint = Blueprint("home", __name__)

RECENT = 6
NEVER = datetime.min.replace(tzinfo=UTC)


@blueprint.get("/")
def home() -> str:
    with installation().db.read() as session:
        issues = calendar.public_issues(session, limit=1, kind=Kind.REGULAR)
        latest = issues[0] if issues else None
        versions = datasets.catalog(session)
        shown = latest.version_id if latest else None
        recent = [version for version in newest_first(versions) if version.id != shown]
        return render_template(
            "site/home.html",
            latest=latest,
            glance=facts.glance(latest.version) if latest and latest.version else [],
            recent=recent[:RECENT],
            count=len(versions),
        )


def newest_first(versions: list[Version]) -> list[Version]:
    return sorted(versions, key=lambda version: version.published_at or NEVER, reverse=True)
