"""The catalog as curators see it: drafts too, and what is still wrong with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog import listing as catalog
from newsletter.catalog.versions import withdrawals
from newsletter.charts import Proposal
from newsletter.curators.permissions import Permission
from newsletter.errors import NotFound
from newsletter.issues import listing
from newsletter.models.dataset import Table, Version
from newsletter.paging import Page, cut
from newsletter.services import slots
from newsletter.services.datasets import chart_choice, dataset_save
from newsletter.services.datasets.unread_files import unread_files, unread_of
from newsletter.tables.profiling.alert_lines import AlertLine, alert_lines, shown_and_more
from newsletter.tasks.listing import percent
from newsletter.web.admin.datasets import versions
from newsletter.web.admin.flash import flashing
from newsletter.web.admin.live import live
from newsletter.web.auth import needs
from newsletter.web.context import installation, page_number
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy
from newsletter.web.site.datasets import facts

blueprint = Blueprint("datasets", __name__, url_prefix="/datasets")

COLUMNS = 40  # of a table on its page
CHARTS = {"png": "image/png", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A chart to choose, or the one that there is."""

    chart: Proposal
    is_drawn: bool


@dataclass(frozen=True, slots=True)
class TableShown:
    """A table as it was read, with what the profile says of each column."""

    table: Table
    columns: Page[facts.ColumnFacts]  # of a wide table one page of them
    rows: list[list[Any]]  # the first ones, with the cells of these columns
    alerts: Sequence[AlertLine]
    more_alerts: Sequence[AlertLine]
    charts: list[Proposed]


@blueprint.get("/")
@needs(Permission.LOOK)
def index() -> ResponseReturnValue:
    words = request.args.get("q", "")[:200]
    with installation().db.read() as session:
        wanted = [
            topic.id
            for topic in catalog.newest_topics(session)
            if words.casefold() in f"{topic.title} {topic.slug}".casefold()
        ]
        page = cut(wanted, page_number()).filled(partial(catalog.load, session))
        return render_template(
            "admin/datasets.html",
            page=page,
            unread=unread_of(session, [version.dataset_id for version in page.rows]),
            problems_of=datasets.problems_of,
            words=words,
        )


@blueprint.get("/<slug>/")
@needs(Permission.LOOK)
def show(slug: str) -> ResponseReturnValue:
    opened, now = installation(), clock.now()
    with opened.db.read() as session:
        version = datasets.newest(session, slug)
        unread = unread_files(session, version.dataset)
        goes_on = unread is not None and unread.goes_on
        permission = Permission.PUBLISH if version.is_published else Permission.DRAFT
        show_page = live if goes_on else render_template
        return show_page(
            "admin/dataset.html",
            dataset=version.dataset,
            version=version,
            unread=unread,
            goes_on=goes_on,
            percent=percent,
            tables=[_shown(version, table) for table in version.tables],
            may_choose_chart=not goes_on and permission in current_user.permissions,
            described=any(c.get("description") for t in version.tables for c in t.columns),
            gone=[
                (one, withdrawals.can_be_restored(one, now))
                for one in withdrawals.withdrawn(version.dataset)
            ],
            restorable_for=withdrawals.UNDONE_WITHIN,
            has_public=bool(datasets.published_versions(version.dataset)),
            problems=datasets.problems_of(version),
            step=versions.step_of(version),
            may_correct=versions.may_correct(version),
            free=slots.free(slots.coming(session, opened.settings, now), now),
            issues=listing.opening(session, [version.id]),
        )


@blueprint.post("/<slug>/publish")
@needs(Permission.PUBLISH)
def publish(slug: str) -> ResponseReturnValue:
    with flashing("It is published."):
        dataset_save.publish(installation(), slug, clock.now())
    return redirect(url_for("admin.datasets.show", slug=slug))


@blueprint.get("/<slug>/chart.<kind>")
@needs(Permission.LOOK)
def chart(slug: str, kind: str) -> Response:
    """The chart of the newest version, which may be a draft."""
    opened = installation()
    with opened.db.read() as session:
        version = datasets.newest(session, slug)
        key = {"png": version.chart_png, "svg": version.chart_svg}.get(kind)
    if key is None:
        raise NotFound("There is no such chart.")
    response = send_file(opened.storage.path(key), mimetype=CHARTS[kind])
    # An SVG opened by itself is a document, which could hold a script.
    response.headers["Content-Security-Policy"] = content_security_policy(FOREIGN_DOCUMENT)
    return response


def _shown(version: Version, table: Table) -> TableShown:
    alerts, more = shown_and_more(alert_lines(table.profile))
    charts = [
        Proposed(chart, chart_choice.is_drawn(version, table, chart))
        for chart in chart_choice.proposed(table)
    ]
    places = cut(range(len(table.columns)), page_number("columns"), COLUMNS)
    shown = slice(places.rows[0], places.rows[-1] + 1) if places.rows else slice(0)
    columns = places.filled(lambda _: facts.columns(table, shown))
    rows = [row[shown] for row in facts.preview(table)]
    return TableShown(table, columns, rows, alerts, more, charts)
