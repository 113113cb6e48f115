"""The chart of a dataset: as pictures, as Vega-Lite with its data, and what draws that; of one
without a chart the picture of its first rows.
"""

from contextlib import suppress

from flask import Blueprint, Response, jsonify, make_response, request

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.versions import first_rows_picture
from newsletter.charts import SAMPLED_ROWS, fields
from newsletter.charts.bundle import FINGERPRINT, bundle
from newsletter.charts.interactive import interactive
from newsletter.errors import Busy, NotFound
from newsletter.models.dataset import Table, Version
from newsletter.services.datasets import derived_files
from newsletter.tables.querying import execute
from newsletter.web.context import installation, public_url, shelf
from newsletter.web.responses.cors import open_document
from newsletter.web.responses.file_responses import (
    A_WHILE,
    CHART_TYPES,
    for_ever,
    send_chart,
    send_stored,
)
from newsletter.web.site.datasets.table_view import columns_of

blueprint = Blueprint("charts", __name__)


@blueprint.get("/datasets/<slug>/chart.<any(png, svg):kind>")
@blueprint.get("/datasets/<slug>/v/<number>/chart.<any(png, svg):kind>")
def picture(slug: str, kind: str, number: str | None = None) -> Response:
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        key = version.chart_png if kind == "png" else version.chart_svg
    response = send_chart(key)
    return for_ever(response) if request.args.get("k") == drawn(version) else response


@blueprint.get("/datasets/<slug>/v/<number>/chart.json")
def document(slug: str, number: str) -> Response:
    """The chart with a sample of its table, complete: any Vega-Lite editor opens it."""
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        table = charted(version)
    if not version.chart_drawn:
        raise NotFound("This dataset has no chart.")
    columns = columns_of(table)
    names = fields(version.chart_drawn, [name for name, _ in columns])
    path = installation().storage.path(table.files["parquet"]["key"])
    rows = execute.sample(shelf(), path, columns, names, SAMPLED_ROWS)
    response = open_document(jsonify(interactive(version.chart_drawn, rows)))
    return for_ever(response) if request.args.get("k") == drawn(version) else response


@blueprint.get("/datasets/<slug>/first-rows.png")
def first_rows(slug: str) -> Response:
    """What a preview of a link shows of a dataset without a chart."""
    opened = installation()
    with opened.db.read() as session:
        version = datasets.published(session, slug)
    place = first_rows_picture.place(version)
    if version.chart_png or not opened.storage.exists(place):
        raise NotFound("There is no picture of its first rows.")
    response = send_stored(place, CHART_TYPES["png"], A_WHILE)
    return for_ever(response) if request.args.get("k") == _seen(place) else response


@blueprint.get(f"/assets/vega-{FINGERPRINT}.js")
def vega() -> Response:
    response = make_response(bundle(installation().settings.home / "assets").read_bytes())
    response.mimetype = "text/javascript"
    return for_ever(open_document(response))


def drawn(version: Version) -> str:
    """Which drawing of its chart a version has. A curator can have it drawn anew, so only an
    address with this in it stays the same for ever."""
    return (version.chart_svg or version.chart_png or "")[:12]


def link_picture(version: Version) -> str | None:
    """The address of what a preview of a link shows of the newest version of a dataset: its chart,
    or its first rows. None: these are drawn from now on, by a task."""
    opened, slug = installation(), version.dataset.slug
    if version.chart_png:
        return public_url("charts.picture", slug=slug, kind="png")
    place = first_rows_picture.place(version)
    if opened.storage.exists(place):
        return public_url("charts.first_rows", slug=slug, k=_seen(place))
    with suppress(Busy):
        derived_files.ask_for_first_rows(opened, version, place, clock.now())
    return None


def charted(version: Version) -> Table:
    """The table that the chart draws: the one that its usermeta names, or the first."""
    named = (version.chart_drawn.get("usermeta") or {}).get("table")
    return datasets.table_of(version, named) if named else version.tables[0]


def _seen(place: str) -> str:
    """What the first rows' picture was drawn from, as a hash: another title is another address."""
    return place.split(".")[1]
