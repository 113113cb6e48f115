"""The catalog and the page of each dataset."""

from urllib.parse import urlencode

import werkzeug
from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.describe.citation import bibtex
from newsletter.catalog.describe.jsonld import jsonld
from newsletter.catalog.describe.published import citation_facts, facts_of
from newsletter.catalog.external_viewers import explorers
from newsletter.catalog.search import search
from newsletter.issues import calendar
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue
from newsletter.models.post import Post
from newsletter.posts import posts
from newsletter.posts.posts import work_facts
from newsletter.web.compression import compressed
from newsletter.web.context import installation
from newsletter.web.security import SCRIPTED, content_security_policy
from newsletter.web.site.archive_filter import Narrowing, choices, languages_by_dataset
from newsletter.web.site.datasets import facts
from newsletter.web.site.datasets.charts import drawn
from newsletter.web.site.datasets.rows import address
from newsletter.web.site.datasets.table_view import looks
from newsletter.web.site.datasets.versions import Release, history
from newsletter.web.site.highlight import highlighted

blueprint = Blueprint("datasets", __name__)


@blueprint.get("/datasets/")
def index() -> str:
    asked = Narrowing.asked()
    with installation().db.read() as session:
        everything = datasets.catalog(session)
        written = languages_by_dataset(posts.published(session))
        under = [
            version
            for version in everything
            if asked.admits(version, _year(version), written.get(version.dataset_id, ()))
        ]
        offered = choices(
            everything,
            filter(None, map(_year, everything)),
            (language for languages in written.values() for language in languages),
        )
        return render_template(
            "site/datasets.html",
            found=search(under, asked.text),
            count=len(everything),
            choices=offered,
            asked=asked,
        )


@blueprint.get("/datasets/<slug>")
@blueprint.get("/datasets/<slug>/v/<number>/")
def page(slug: str, number: str | None = None) -> Response | werkzeug.Response:
    """The newest published version of a dataset, or the one that is named."""
    if "" in request.args.values():
        return redirect(_without_empty())
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        versions = datasets.published_versions(version.dataset)
        issues = _appearances(session, version)
        written = posts.of_dataset(session, version.dataset)
        releases = history(versions)
    response = make_response(_rendered(version, versions, releases, issues, written))
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return compressed(response)


def _rendered(
    version: Version,
    versions: list[Version],
    releases: list[Release],
    issues: list[Issue],
    written: list[Post],
) -> str:
    settings = installation().settings
    described = facts_of(
        version, settings, [work_facts(post, settings.base_url) for post in written]
    )
    seen = looks(version, address(version), request.args)
    first = version.tables[0].name
    slug = version.dataset.slug
    return render_template(
        "site/dataset.html",
        version=version,
        newest=versions[0],
        history=releases,
        glance=facts.glance(version),
        drawn=drawn(version),
        tables=[(t, facts.columns(t), look) for t, look in zip(version.tables, seen, strict=True)],
        loaders=highlighted(slug, version.number, first),
        explorers=explorers(settings.base_url, slug, version.number, first),
        citation=described.citation,
        bibtex=bibtex(citation_facts(version, settings)),
        jsonld=jsonld(described),
        issues=issues,
        posts=written,
    )


def _year(version: Version) -> int | None:
    """When it was published as it is now."""
    return version.published_at.year if version.published_at else None


def _without_empty() -> str:
    """The same page without the fields of a form that were left empty, to be shared."""
    filled = [(key, value) for key, value in request.args.items(multi=True) if value]
    return f"{request.path}{'?' if filled else ''}{urlencode(filled)}"


def _appearances(session: Session, version: Version) -> list[Issue]:
    """The public issues about any version of its dataset, the newest first."""
    ids = set(session.scalars(select(Version.id).where(Version.dataset_id == version.dataset_id)))
    return [issue for issue in calendar.public_issues(session) if issue.version_id in ids]
