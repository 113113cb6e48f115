"""The data itself: each table of each version, for programs and for people."""

from flask import Blueprint, Response, make_response, render_template

from newsletter import clock
from newsletter.catalog import datasets
from newsletter.catalog.versions import spreadsheet_files
from newsletter.errors import NotFound
from newsletter.models.dataset import Table, Version
from newsletter.services.datasets import derived_files
from newsletter.tables.table_formats import MEDIA_TYPES
from newsletter.web.context import installation
from newsletter.web.responses.file_responses import FOR_EVER, for_ever, send_stored

blueprint = Blueprint("files", __name__)

AT_ONCE = 20_000  # cells that become a workbook while somebody waits, in a quarter of a second
LOOK_AGAIN_SECONDS = 3


@blueprint.get(f"/datasets/<slug>/v/<number>/<table>.<any({', '.join(MEDIA_TYPES)}):kind>")
def table(slug: str, number: str, table: str, kind: str) -> Response:
    """A table's file. It never changes: what does change gets another version."""
    with installation().db.read() as session:
        version = datasets.published(session, slug, number)
        file = datasets.table_of(version, table).files.get(kind)
    if file is None:
        raise NotFound("This table is not kept in that format.")
    response = send_stored(
        file["key"], MEDIA_TYPES[kind], FOR_EVER, download_name=f"{table}.{kind}"
    )
    return for_ever(response)


@blueprint.get("/datasets/<slug>/v/<number>/<table>.xlsx")
def workbook(slug: str, number: str, table: str) -> Response:
    """A table as a workbook with a sheet for its dictionary, made when first asked for."""
    opened = installation()
    with opened.db.read() as session:
        version = datasets.published(session, slug, number)
        wanted = datasets.table_of(version, table)
    if reason := spreadsheet_files.why_none(wanted):
        raise NotFound(reason)
    place = spreadsheet_files.place_of_workbook(wanted)
    if not opened.storage.exists(place):
        if spreadsheet_files.cells(wanted) > AT_ONCE:
            return _being_made(version, wanted, place)
        spreadsheet_files.workbook(wanted, opened.storage)
    return for_ever(
        send_stored(place, spreadsheet_files.XLSX, FOR_EVER, download_name=f"{table}.xlsx")
    )


@blueprint.get("/datasets/<slug>/v/<number>/spreadsheet/<table>.csv")
def marked_csv(slug: str, number: str, table: str) -> Response:
    """A table's CSV file with the mark by which spreadsheets know its encoding."""
    opened = installation()
    with opened.db.read() as session:
        wanted = datasets.table_of(datasets.published(session, slug, number), table)
    if not spreadsheet_files.can_be_marked(wanted):
        raise NotFound("This table is too large for a spreadsheet: take the CSV or Parquet file.")
    key = spreadsheet_files.marked_csv(wanted, opened.storage)
    return for_ever(send_stored(key, MEDIA_TYPES["csv"], FOR_EVER, download_name=f"{table}.csv"))


def _being_made(version: Version, table: Table, place: str) -> Response:
    """A page that is shown until a task has made the workbook. Raises Busy."""
    derived_files.ask_for_workbook(installation(), version, table.name, place, clock.now())
    page = render_template("site/workbook_wait.html", version=version, table=table)
    response = make_response(page, 202)
    response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    response.headers["X-Robots-Tag"] = "noindex"
    response.cache_control.no_store = True
    return response
