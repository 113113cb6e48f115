"""The rows of a table that somebody asks for: a part of its page, and as a CSV file."""

import csv
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import Blueprint, Response, make_response, render_template, request, send_file, url_for
from sqlalchemy.orm import Session

from newsletter.audience.transfer import harmless
from newsletter.catalog import datasets
from newsletter.errors import NotFound
from newsletter.models.dataset import Table, Version
from newsletter.tables.querying import execute
from newsletter.tables.querying.table_query import TEXTS, Column, asked
from newsletter.web.context import installation, shelf
from newsletter.web.responses.compression import compressed
from newsletter.web.site.datasets.table_view import CELL, ROW, columns_of, look, number_of

blueprint = Blueprint("rows", __name__)

MEMORY = 1024 * 1024  # bytes of a file; beyond, it is on the disk


@blueprint.get("/datasets/<slug>/v/<number>/<table>/rows")
def part(slug: str, number: str, table: str) -> Response:
    """What a script puts in place of the table on the page, with links for who has none."""
    shelf().refuse_when_full()
    with installation().db.read() as session:
        version, shown_table = _table(session, slug, number, table)
        place = address(version, datasets.is_newest(session, version))
        seen = look(version, shown_table, place, request.args)
    response = make_response(render_template("site/preview.html", look=seen))
    response.headers["X-Robots-Tag"] = "noindex"
    return compressed(response)


@blueprint.get("/datasets/<slug>/v/<number>/<table>/rows.csv")
def csv_file(slug: str, number: str, table: str) -> Response:
    """The rows as a file for a spreadsheet: a text that one would run as a formula gets an
    apostrophe before it. The table's own file has every cell as it is."""
    shelf().refuse_when_full()
    with installation().db.read() as session:
        _, shown_table = _table(session, slug, number, table)
    columns = columns_of(shown_table)
    question = asked(request.args.items(multi=True), columns)
    path = installation().storage.path(shown_table.files["parquet"]["key"])
    # Written whole before it is sent: an error still has a page, a slow reader holds no cursor.
    file = SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - the response closes it
    try:
        _write(file, columns, execute.rows(shelf(), path, columns, question))
    except BaseException:
        file.close()
        raise
    response = send_file(file, "text/csv", as_attachment=True, download_name=f"{table}-rows.csv")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.get("/datasets/<slug>/v/<number>/<table>/cell")
def cell(slug: str, number: str, table: str) -> Response:
    """One cell of the rows as plain text, whole: what a page of them has no room for."""
    shelf().refuse_when_full()
    with installation().db.read() as session:
        _, shown_table = _table(session, slug, number, table)
    columns = columns_of(shown_table)
    row, column = (number_of(request.args, name) for name in (ROW, CELL))
    if column > len(columns):
        raise NotFound(f"The table has {len(columns):,} columns.")
    question = asked([pair for pair in _pairs() if pair[0] not in {ROW, CELL}], columns)
    path = installation().storage.path(shown_table.files["parquet"]["key"])
    shown = slice(column - 1, column)
    page = execute.page(shelf(), path, columns, question, row - 1, limit=1, shown=shown)
    if page.offset != row - 1 or not page.rows:
        raise NotFound(f"There are {page.total:,} such rows.")
    response = make_response(page.rows[0][0] or "")
    response.mimetype = "text/plain"
    response.headers["X-Robots-Tag"] = "noindex"
    return compressed(response)


def _pairs() -> list[tuple[str, str]]:
    return list(request.args.items(multi=True))


def _write(file: IO[bytes], columns: Sequence[Column], rows: Iterable[execute.Row]) -> None:
    """Write ``rows`` as CSV, their texts made harmless, and go back to the start."""
    is_text = [type_ in TEXTS for _, type_ in columns]
    text = TextIOWrapper(file, "utf-8", newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(name) for name, _ in columns])
    for row in rows:
        cells = zip(row, is_text, strict=True)
        writer.writerow([harmless(cell) if textual else cell for cell, textual in cells])
    text.detach()  # which flushes, and leaves the file open
    file.seek(0)


def address(version: Version, is_newest: bool) -> str:
    """The page of a version: the dataset's own for the newest."""
    number = None if is_newest else version.number
    return url_for("datasets.page", slug=version.dataset.slug, number=number)


def _table(session: Session, slug: str, number: str, name: str) -> tuple[Version, Table]:
    version = datasets.published(session, slug, number)
    return version, datasets.table_of(version, name)
