"""Posts: their archive, the page of each, its figures, and the files to take away."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request, url_for

from newsletter.catalog import datasets
from newsletter.errors import NotFound
from newsletter.models.post import Post, RunStatus
from newsletter.paging import cut
from newsletter.posts import posts, search
from newsletter.posts.cells import Figure, figures, from_json
from newsletter.posts.downloads.external_viewers import places
from newsletter.posts.downloads.files import DOWNLOADS, download, downloads_of
from newsletter.posts.wording import versions_in_words
from newsletter.web.context import installation, page_number, public_url
from newsletter.web.responses.cors import open_document
from newsletter.web.responses.file_responses import A_WHILE, for_ever, send_stored
from newsletter.web.responses.page_cache import kept
from newsletter.web.site.archive_filter import Narrowing, choices
from newsletter.web.site.posts.post_cells import ShownCell, shown_cells

blueprint = Blueprint("posts", __name__, url_prefix="/posts")

OTHERS = 12  # posts on the same dataset, beside one
KNOWN_BY = 12  # digits of a figure's key that make its address one for ever


@dataclass(frozen=True, slots=True)
class LastRun:
    """What a reader is told of the last time that a post was run."""

    status: RunStatus
    at: datetime
    ran_with: str  # "Python 3.12.3, pandas 2.3.3"
    error: str
    is_of_this_text: bool  # False: the post was changed since

    @property
    def holds(self) -> bool:
        return self.status is RunStatus.RAN


@blueprint.get("/")
@kept
def index() -> Response:
    narrowing = Narrowing.asked()
    with installation().db.read() as session:
        everything = search.listed(session)
        wanted = search.matching(
            session,
            everything,
            narrowing.text,
            keyword=narrowing.keyword or None,
            dataset=narrowing.dataset or None,
            language=narrowing.language or None,
            year=narrowing.year,
            column=narrowing.column or None,
        )
        shown = cut(wanted, page_number()).filled(partial(search.load, session))
    years = groupby(shown.rows, lambda post: published_at(post).year)
    page = render_template(
        "site/posts.html",
        asked=narrowing,
        choices=choices(
            (post.topic for post in everything),
            (post.year for post in everything),
            (post.language for post in everything),
        ),
        page=shown,
        years=[(year, list(of_it)) for year, of_it in years],
        count=len(everything),
        columns=sorted({column for post in everything for column in post.columns}),
    )
    return make_response(page)


@blueprint.get("/<slug>")
@kept
def page(slug: str) -> Response:
    opened = installation()
    base_url = opened.settings.base_url
    with opened.db.read() as session:
        post = posts.shown(session, slug)
        some = posts.of_dataset(session, post.version.dataset, OTHERS + 1)
        others = [other for other in some if other.id != post.id][:OTHERS]
        newest = datasets.published(session, post.version.dataset.slug)
        rendered = render_template(
            "site/post.html",
            post=post,
            newest=newest,
            cells=_shown_here(post),
            run=last_run(post),
            downloads=downloads_of(post),
            places=places(post, base_url),
            others=others,
        )
    return make_response(rendered)


@blueprint.get(f"/<slug>.<any({', '.join(kind.suffix for kind in DOWNLOADS)}):suffix>")
def file(slug: str, suffix: str) -> Response:
    """The post to take away, as a file that runs elsewhere."""
    opened = installation()
    with opened.db.read() as session:
        post = posts.shown(session, slug)
        kind, text = download(post, suffix, opened.settings.base_url, opened.storage)
    response = make_response(text)
    response.mimetype = kind.media_type
    if kind.media_type != "application/x-ipynb+json":  # JSON is UTF-8, and says no charset
        response.mimetype_params["charset"] = "utf-8"
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}.{suffix}")
    return open_document(response)


@blueprint.get("/<slug>/figures/<int:number>.png")
def figure(slug: str, number: int) -> Response:
    """The n-th figure of a post, from 1 on. An address with its key in it is for ever."""
    with installation().db.read() as session:
        drawn = figures(from_json(posts.shown(session, slug).cells))
    if not 1 <= number <= len(drawn):
        raise NotFound("The post has no such figure.")
    key = drawn[number - 1].key
    response = send_stored(key, "image/png", A_WHILE)
    return for_ever(response) if request.args.get("k") == key[:KNOWN_BY] else response


def shown_absolutely(post: Post) -> list[ShownCell]:
    """The cells of ``post`` for who reads them elsewhere, without our colours: every address
    is whole."""

    def address(number: int, figure: Figure) -> str:
        return public_url("posts.figure", **_place(post, number, figure))

    return shown_cells(post, installation().settings.base_url, address, in_colour=False)


def _shown_here(post: Post) -> list[ShownCell]:
    def path(number: int, figure: Figure) -> str:
        return url_for("posts.figure", **_place(post, number, figure))

    return shown_cells(post, installation().settings.base_url, path)


def _place(post: Post, number: int, figure: Figure) -> dict[str, Any]:
    return {"slug": post.slug, "number": number, "k": figure.key[:KNOWN_BY]}


def last_run(post: Post) -> LastRun | None:
    run = post.last_run
    if run is None:
        return None
    is_of_this_text = post.source_key.partition(".")[0] == run.source
    return LastRun(run.status, run.at, versions_in_words(run.versions), run.error, is_of_this_text)


def published_at(post: Post) -> datetime:
    """When it became public; a preview is of now as far as that goes."""
    return post.published_at or post.modified_at
