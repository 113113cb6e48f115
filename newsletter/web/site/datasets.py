"""The catalog and the page of each dataset."""

from flask import Blueprint, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.describe.jsonld import jsonld
from newsletter.catalog.describe.published import facts_of
from newsletter.issues import calendar
from newsletter.models.dataset import Version, VersionState
from newsletter.models.issue import Issue
from newsletter.web.context import installation
from newsletter.web.site import facts
from newsletter.web.site.code import highlighted

blueprint = Blueprint("datasets", __name__)

KEYWORDS = 24
QUERY_AT_MOST = 200


@blueprint.get("/datasets/")
def index() -> str:
    query = request.args.get("q", "").strip()[:QUERY_AT_MOST]
    keyword = request.args.get("keyword", "")
    with installation().db.read() as session:
        everything = datasets.catalog(session)
        found = datasets.catalog(session, query, keyword) if query or keyword else everything
        return render_template(
            "site/datasets.html",
            versions=found,
            count=len(everything),
            keywords=datasets.keywords(everything)[:KEYWORDS],
            query=query,
            keyword=keyword,
        )


@blueprint.get("/datasets/<slug>")
@blueprint.get("/datasets/<slug>/v/<number>/")
def page(slug: str, number: str | None = None) -> str:
    """The newest published version of a dataset, or the one that is named."""
    settings = installation().settings
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        versions = _published_versions(version)
        described = facts_of(version, settings)
        return render_template(
            "site/dataset.html",
            version=version,
            versions=versions,
            newest=versions[0],
            glance=facts.glance(version),
            tables=[(t, facts.columns(t), facts.preview(t)) for t in version.tables],
            loaders=highlighted(slug, version.number, version.tables[0].name),
            citation=described.citation,
            jsonld=jsonld(described),
            issues=_appearances(session, version),
        )


def _published_versions(version: Version) -> list[Version]:
    """Those of its dataset, the newest first."""
    return [v for v in reversed(version.dataset.versions) if v.state is VersionState.PUBLISHED]


def _appearances(session: Session, version: Version) -> list[Issue]:
    """The public issues about any version of its dataset, the newest first."""
    ids = set(session.scalars(select(Version.id).where(Version.dataset_id == version.dataset_id)))
    return [issue for issue in calendar.public_issues(session) if issue.version_id in ids]
