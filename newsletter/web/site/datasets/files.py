"""The data itself: each table of each version, for programs and for people."""

from flask import Blueprint, Response

from newsletter.catalog import datasets
from newsletter.errors import NotFound
from newsletter.tables.table_formats import MEDIA_TYPES
from newsletter.web.context import installation
from newsletter.web.responses.file_responses import FOR_EVER, for_ever, send_stored

blueprint = Blueprint("files", __name__)


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
