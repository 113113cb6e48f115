"""The charts that are proposed for a table, as pictures with a button each."""

from contextlib import closing

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.charts import SAMPLED_ROWS, Artist, fields
from newsletter.curators.permissions import Permission
from newsletter.errors import Invalid
from newsletter.services.datasets import chart_choice
from newsletter.tables.querying import execute
from newsletter.web.admin.flash import flashing
from newsletter.web.auth import needs, require
from newsletter.web.context import installation, shelf
from newsletter.web.site.datasets.table_view import columns_of

blueprint = Blueprint("chart_choice", __name__, url_prefix="/datasets")

NONE, AUTOMATIC = "none", "automatic"
WIDTH_PX = 420


@blueprint.get("/<slug>/proposed/<table>/<int:place>.png")
@needs(Permission.LOOK)
def picture(slug: str, table: str, place: int) -> Response:
    """A proposed chart, drawn when it is looked at."""
    opened = installation()
    with opened.db.read() as session:
        shown = datasets.table_of(datasets.newest(session, slug), table)
        spec = chart_choice.proposal(shown, place)
        columns = columns_of(shown)
        path = opened.storage.path(shown.files["parquet"]["key"])
    names = fields(spec, [name for name, _ in columns])
    rows = execute.sample(shelf(), path, columns, names, SAMPLED_ROWS)
    # What draws takes 200 MB: it ends with the picture.
    with closing(Artist()) as artist:
        png = artist.png(spec, rows, WIDTH_PX, scale=1)
    return Response(png, mimetype="image/png")


@blueprint.post("/<slug>/chart")
@needs(Permission.DRAFT)
def choose(slug: str) -> ResponseReturnValue:
    """Give the dataset the chart whose button was pressed: ``none``, ``automatic``, or the
    place of a proposal for ``table``."""
    opened, choice = installation(), request.form.get("choice", "")
    with opened.db.read() as session:
        version = datasets.newest(session, slug)
        if version.is_published:
            require(Permission.PUBLISH)
    with flashing("It has no chart." if choice == NONE else "The chart is being drawn."):
        if choice == NONE:
            chart = chart_choice.NO_CHART
        elif choice == AUTOMATIC:
            chart = None
        elif choice.isascii() and choice.isdigit():
            table = datasets.table_of(version, request.form.get("table", ""))
            chart = chart_choice.proposal(table, int(choice[:9]))
        else:
            raise Invalid("Choose a chart by its button.")
        chart_choice.choose(opened, slug, chart, current_user.address, clock.now())
    return redirect(url_for("admin.datasets.show", slug=slug))
