"""The catalog and the page of each dataset."""

from functools import partial
from urllib.parse import urlencode

import werkzeug
from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session

from newsletter.catalog import datasets, listing
from newsletter.catalog.describe.citation import bibtex
from newsletter.catalog.describe.jsonld import jsonld
from newsletter.catalog.describe.published import citation_facts, facts_of
from newsletter.catalog.external_viewers import explorers
from newsletter.catalog.search import Found, search
from newsletter.catalog.versions import withdrawals
from newsletter.issues import archive
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue
from newsletter.models.post import Post
from newsletter.paging import Page, cut
from newsletter.posts import posts
from newsletter.posts.posts import work_facts
from newsletter.posts.search import languages_by_dataset
from newsletter.web.context import installation, page_number, shelf
from newsletter.web.responses.page_cache import kept
from newsletter.web.security import SCRIPTED, content_security_policy
from newsletter.web.site.archive_filter import Narrowing, choices
from newsletter.web.site.datasets import facts
from newsletter.web.site.datasets.charts import drawn, link_picture
from newsletter.web.site.datasets.rows import address
from newsletter.web.site.datasets.table_view import is_question, looks
from newsletter.web.site.datasets.versions import Release, history
from newsletter.web.site.highlight import highlighted

blueprint = Blueprint("datasets", __name__)

CARDS = 24  # of a page: whole rows of two, three or four
POSTS_SHOWN = 20  # on the page of their dataset


@blueprint.get("/datasets/")
@kept
def index() -> str:
    narrowing = Narrowing.asked()
    with installation().db.read() as session:
        everything = listing.published_topics(session)
        written = languages_by_dataset(session)
        wanted = [
            topic.id
            for topic in everything
            if narrowing.admits(topic, topic.year, written.get(topic.dataset_id, ()))
        ]
        offered = choices(
            everything,
            (topic.year for topic in everything if topic.year),
            (language for languages in written.values() for language in languages),
        )
        return render_template(
            "site/datasets.html",
            page=_found(session, wanted, narrowing.text, page_number()),
            count=len(everything),
            choices=offered,
            asked=narrowing,
        )


@blueprint.get("/datasets/<slug>")
@blueprint.get("/datasets/<slug>/v/<number>/")
@kept
def page(slug: str, number: str | None = None) -> Response | werkzeug.Response:
    """The newest published version of a dataset, or the one that is named."""
    if "" in request.args.values():
        return redirect(_without_empty())
    if is_question(request.args):
        shelf().refuse_when_full()
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        versions = listing.published_versions(session, version.dataset_id)
        issues = archive.on_dataset(session, version.dataset_id)
        written = posts.of_dataset(session, version.dataset, POSTS_SHOWN)
        count = posts.count_of_dataset(session, version.dataset)
        releases = history(versions)
        gone = withdrawals.of_dataset(session, version.dataset_id)
    response = make_response(_rendered(version, releases, gone, issues, written, count))
    response.headers["Content-Security-Policy"] = content_security_policy(SCRIPTED)
    return response


def _rendered(
    version: Version,
    releases: list[Release],
    withdrawn: list[Version],
    issues: list[Issue],
    written: list[Post],
    posts_in_all: int,
) -> str:
    newest = releases[0].version
    settings = installation().settings
    described = facts_of(
        version, settings, [work_facts(post, settings.base_url) for post in written]
    )
    seen = looks(version, address(version, version is newest), request.args)
    first = version.tables[0].name
    slug = version.dataset.slug
    return render_template(
        "site/dataset.html",
        version=version,
        newest=newest,
        history=releases,
        withdrawn=withdrawn,
        glance=facts.glance(version, settings.base_url),
        drawn=drawn(version),
        picture=link_picture(newest),
        tables=[
            (table, facts.columns(table, look.shown), look)
            for table, look in zip(version.tables, seen, strict=True)
        ],
        loaders=highlighted(slug, version.number, version.tables[0]),
        explorers=explorers(settings.base_url, slug, version.number, first),
        sources=described.sources,
        citation=described.citation,
        bibtex=bibtex(citation_facts(version, settings)),
        jsonld=jsonld(described),
        issues=issues,
        posts=written,
        posts_in_all=posts_in_all,
    )


def _found(session: Session, wanted: list[int], text: str, number: int) -> Page[Found]:
    """A page of the versions ``wanted``: by title, or those with ``text`` in them, the best
    first."""
    if text:
        return cut(search(listing.load(session, wanted), text), number, CARDS)
    page = cut(wanted, number, CARDS).filled(partial(listing.load, session))
    return page.filled(lambda versions: [Found(version, ()) for version in versions])


def _without_empty() -> str:
    """The same page without the fields of a form that were left empty, to be shared."""
    filled = [(key, value) for key, value in request.args.items(multi=True) if value]
    return f"{request.path}{'?' if filled else ''}{urlencode(filled)}"
