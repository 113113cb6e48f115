"""The catalog and its datasets for programs, in the formats that they know."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from newsletter.catalog import datasets
from newsletter.catalog.describe.croissant import croissant
from newsletter.catalog.describe.datapackage import datapackage
from newsletter.catalog.describe.dcat import catalog as dcat_catalog
from newsletter.catalog.describe.facts import DatasetFacts, TableFacts, WorkFacts
from newsletter.catalog.describe.published import facts_of
from newsletter.catalog.search import has_column
from newsletter.catalog.versions import errata, withdrawals
from newsletter.models.dataset import Erratum
from newsletter.posts import posts, search
from newsletter.posts.posts import work_facts
from newsletter.web.context import installation, public_url
from newsletter.web.responses.cors import open_to_all
from newsletter.web.responses.page_cache import kept
from newsletter.web.site.datasets.tombstones import described
from newsletter.web.site.posts.listed_posts import listed_post

blueprint = Blueprint("descriptions", __name__)


@blueprint.get("/index.json")
@kept
def index() -> Response:
    """Every dataset and every post with where its files are: what a script needs to start from.

    ``?column=`` narrows both to those with a column of that name, in whatever case.
    """
    column = request.args.get("column", "").strip()
    settings = installation().settings
    with installation().db.read() as session:
        listed = [
            _listed(facts_of(version, settings, with_profiles=False))
            for version in datasets.catalog(session)
            if not column or has_column(version, column)
        ]
        ids = search.matching(session, search.listed(session), column=column or None)
        written = [listed_post(post) for post in search.load(session, ids, is_long=True)]
        wrong = [_erratum(erratum) for erratum in errata.errata(session)]
        gone = [described(version) for version in withdrawals.everything(session)]
    title, home = installation().settings.title, public_url("home.home")
    index = {
        "title": title,
        "url": home,
        "datasets": listed,
        "posts": written,
        "errata": wrong,
        "withdrawn": gone,
    }
    return open_to_all(jsonify(index))


@blueprint.get("/data.json")
@kept
def dcat() -> Response:
    with installation().db.read() as session:
        document = dcat_catalog(public_url("descriptions.dcat"), _catalog(session))
    return open_to_all(jsonify(document))


@blueprint.get("/datasets/<slug>/datapackage.json")
@blueprint.get("/datasets/<slug>/v/<number>/datapackage.json")
@kept
def data_package(slug: str, number: str | None = None) -> Response:
    return open_to_all(jsonify(datapackage(_published(slug, number))))


@blueprint.get("/datasets/<slug>/croissant.json")
@kept
def croissant_metadata(slug: str) -> Response:
    response = jsonify(croissant(_published(slug)))
    response.mimetype = "application/ld+json"
    return open_to_all(response)


def _catalog(session: Session) -> list[DatasetFacts]:
    settings = installation().settings
    works: dict[int, list[WorkFacts]] = {}
    for post in posts.published(session):
        on = works.setdefault(post.version.dataset_id, [])
        on.append(work_facts(post, settings.base_url))
    return [
        facts_of(version, settings, works.get(version.dataset_id, ()), with_profiles=False)
        for version in datasets.catalog(session)
    ]


def _published(slug: str, number: str | None = None) -> DatasetFacts:
    """The version that is named, or the newest that is public. Raises NotFound."""
    with installation().db.read() as session:
        return facts_of(datasets.published(session, slug, number), installation().settings)


def _listed(facts: DatasetFacts) -> dict[str, Any]:
    return {
        "slug": facts.slug,
        "title": facts.title,
        "summary": facts.summary,
        "url": facts.url,
        "version": facts.version,
        "license": facts.license,
        "keywords": facts.keywords,
        "published": facts.published.isoformat(),
        "modified": facts.modified.isoformat(),
        "tables": [_listed_table(table) for table in facts.tables],
    }


def _erratum(erratum: Erratum) -> dict[str, Any]:
    slug = erratum.version.dataset.slug
    wrong, right = erratum.version.number, erratum.corrected_by.number
    return {
        "slug": slug,
        "version": wrong,
        "corrected_by": right,
        "note": erratum.note,
        "published": erratum.published_at.isoformat(),
        "changes": public_url("versions.compared", slug=slug, before=wrong, after=right),
    }


def _listed_table(table: TableFacts) -> dict[str, Any]:
    return {
        "name": table.name,
        "rows": table.rows,
        "columns": [column.name for column in table.columns],
        "fields": [
            {"name": column.name, "type": column.type, "unit": column.unit}
            for column in table.columns
        ],
        "files": {
            file.format: {"url": file.url, "bytes": file.bytes, "sha256": file.sha256}
            for file in table.files
        },
    }
