"""A table as it is looked through on its dataset's page: some rows, and the ways to others."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import duckdb
from flask import url_for
from werkzeug.datastructures import MultiDict

from newsletter.errors import Busy, Refused
from newsletter.models.dataset import Table, Version
from newsletter.tables.querying import execute
from newsletter.tables.querying.table_query import (
    NUMBERS,
    OPERATORS,
    SEARCH,
    Column,
    Filter,
    Question,
    asked,
)
from newsletter.text_direction import direction
from newsletter.web.context import installation, shelf
from newsletter.web.site.datasets.cells import ShownCell, shown_cells
from newsletter.web.site.datasets.table_filters import Arguments, Field, fields_of

log = logging.getLogger(__name__)

TABLE, PAGE, COLUMNS_PAGE = "_table", "_page", "_columns"
ROW, CELL = "_row", "_column"  # of one cell alone, counted from 1
COLUMNS = 40  # of a page: a table of two thousand is looked through from left to right
MOST_PAGES = 10**9


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's head, and where a click on it leads."""

    name: str
    direction: str  # rtl, or empty
    is_number: bool
    sorted: str  # ascending, descending, or empty
    url: str


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Look:
    """All that the part of the page shows."""

    name: str
    anchor: str
    is_named: bool  # its address has to name it, as it is not the first
    action: str  # the page's address, without a question
    rows_url: str  # this part of it alone
    csv_url: str
    is_whole: bool  # the CSV address is the file itself
    question: Question
    search: str  # as it was typed
    headings: Sequence[Heading]
    fields: Sequence[Field]
    chips: Sequence[Link]
    rows: Sequence[Sequence[ShownCell]]
    total: int
    offset: int
    all_rows: int
    pages: Mapping[str, str]  # first, previous, next, last
    shown: slice  # of the columns
    all_columns: int
    columns_page: int
    column_pages: Mapping[str, str]  # the same; empty where all are shown
    hidden_filters: Sequence[Filter]  # of columns that are not shown
    problem: str = ""


def looks(version: Version, page_url: str, arguments: Arguments) -> list[Look]:
    """Each table of a version; the one that ``_table`` names, or the first, as is asked."""
    named = arguments.get(TABLE, version.tables[0].name)
    return [
        look(version, table, page_url, arguments if table.name == named else MultiDict())
        for table in version.tables
    ]


def look(version: Version, table: Table, page_url: str, arguments: Arguments) -> Look:
    """A table as ``arguments`` ask for it; all of it, and why, if they cannot be followed.

    Raises Busy where others are being answered."""
    columns = columns_of(table)
    columns_page, last = _columns_page(arguments, len(columns))
    shown = slice((columns_page - 1) * COLUMNS, columns_page * COLUMNS)
    problem = ""
    try:
        question = asked(arguments.items(multi=True), columns)
        page = _page(table, columns, question, number_of(arguments, PAGE), shown)
    except Busy:
        raise
    except Refused as error:
        question, problem = Question(), str(error)
        page = _page(table, columns, question, 1, shown)
    place = version.tables.index(table)
    anchor = "preview" if place == 0 else f"preview-{place + 1}"
    link = _Links(version, table, page_url, anchor, columns_page)
    names = {name for name, _ in columns[shown]}
    return Look(
        name=table.name,
        anchor=link.anchor,
        is_named=place > 0,
        action=page_url,
        rows_url=_rows_url("rows.part", version, table),
        csv_url=link.csv(question),
        is_whole=question == Question(),
        question=question,
        headings=[_heading(column, question, link) for column in columns[shown]],
        search=arguments.get(SEARCH, ""),
        fields=fields_of(table, columns[shown], arguments, is_wide=last > 1),
        chips=_chips(question, link),
        rows=shown_cells(page.rows, link.cell_of(question, page.offset, shown.start)),
        total=page.total,
        offset=page.offset,
        all_rows=table.rows,
        pages=_pages(page, question, link),
        shown=shown,
        all_columns=len(columns),
        columns_page=columns_page,
        column_pages=_ways(columns_page, last, lambda number: link.columns(question, number)),
        hidden_filters=[one for one in question.filters if one.column not in names],
        problem=problem,
    )


def is_question(arguments: Arguments) -> bool:
    """Whether they ask for other rows than the first ones."""
    return any(name.startswith("_") or "__" in name for name in arguments)


def columns_of(table: Table) -> list[Column]:
    return [(column["name"], column["type"]) for column in table.columns]


@dataclass(frozen=True, slots=True)
class _Links:
    version: Version
    table: Table
    page_url: str
    anchor: str
    columns_page: int

    def columns(self, question: Question, number: int) -> str:
        """To other columns of the first rows."""
        return replace(self, columns_page=number).to(question)

    def to(self, question: Question, page: int = 1) -> str:
        pairs = question.pairs()
        if page > 1:
            pairs.append((PAGE, str(page)))
        if self.columns_page > 1:
            pairs.append((COLUMNS_PAGE, str(self.columns_page)))
        if pairs and self.table is not self.version.tables[0]:
            pairs.insert(0, (TABLE, self.table.name))
        return f"{self.page_url}{'?' if pairs else ''}{urlencode(pairs)}#{self.anchor}"

    def cell_of(self, question: Question, offset: int, first: int) -> Callable[[int, int], str]:
        """The address of a cell alone, by its row and column on the page that begins with the
        row ``offset`` and the column ``first``."""
        file = _rows_url("rows.cell", self.version, self.table)

        def address(row: int, column: int) -> str:
            place = [(ROW, str(offset + row + 1)), (CELL, str(first + column + 1))]
            return f"{file}?{urlencode([*question.pairs(), *place])}"

        return address

    def csv(self, question: Question) -> str:
        if question == Question():
            return _rows_url("files.table", self.version, self.table, kind="csv")
        file = _rows_url("rows.csv_file", self.version, self.table)
        return f"{file}?{urlencode(question.pairs())}"


def _rows_url(endpoint: str, version: Version, table: Table, **values: Any) -> str:
    return url_for(
        endpoint, slug=version.dataset.slug, number=version.number, table=table.name, **values
    )


def _page(
    table: Table, columns: Sequence[Column], question: Question, number: int, shown: slice
) -> execute.Page:
    """Raises Refused where the question cannot be answered. All rows can always be asked for:
    while their file cannot be read, or others are being answered, the first ones are known."""
    path = installation().storage.path(table.files["parquet"]["key"])
    offset = (number - 1) * execute.LIMIT
    try:
        return execute.page(shelf(), path, columns, question, offset, shown=shown)
    except Refused:
        if question != Question():
            raise
    except duckdb.Error as error:
        log.error("A table cannot be read.", exc_info=error, extra={"event": "table.unread"})
        if question != Question():
            raise Refused("The table cannot be searched just now.") from error
    rows = [
        tuple(None if cell is None else str(cell) for cell in row[shown]) for row in table.preview
    ]
    return execute.Page(rows, table.rows, 0)


def number_of(arguments: Arguments, name: str) -> int:
    """The page, the row or the column that is asked for. Raises Refused."""
    page = arguments.get(name, "1") or "1"
    if not page.isascii() or not page.isdecimal() or not 0 < int(page[:12]) <= MOST_PAGES:
        raise Refused(f"There is no page “{page[:20]}” of a table.")
    return int(page)


def _columns_page(arguments: Arguments, columns: int) -> tuple[int, int]:
    """Which page of the columns is shown, and the last one."""
    last = max(1, -(-columns // COLUMNS))
    try:
        return min(number_of(arguments, COLUMNS_PAGE), last), last
    except Refused:
        return 1, last


def _heading(column: Column, question: Question, link: _Links) -> Heading:
    name, type_ = column
    now = question.sort == name and ("descending" if question.descending else "ascending")
    if now == "descending":
        after = replace(question, sort=None, descending=False)
    else:
        after = replace(question, sort=name, descending=now == "ascending")
    return Heading(name, direction(name), type_ in NUMBERS, now or "", link.to(after))


def _chips(question: Question, link: _Links) -> list[Link]:
    """Each part of what is asked for, with the way back from it."""
    chips = []
    if question.search:
        chips.append(Link(f"“{question.search}”", link.to(replace(question, search=""))))
    for one_filter in question.filters:
        others = tuple(other for other in question.filters if other != one_filter)
        chips.append(Link(_said(one_filter), link.to(replace(question, filters=others))))
    return chips


def _said(asked_for: Filter) -> str:
    words = next(names[asked_for.operator] for names in OPERATORS.values()
                 if asked_for.operator in names)  # fmt: skip
    return " ".join(filter(None, (asked_for.column, words, asked_for.value)))


def _pages(page: execute.Page, question: Question, link: _Links) -> dict[str, str]:
    here = page.offset // execute.LIMIT + 1
    last = max(1, -(-page.total // execute.LIMIT))
    return _ways(here, last, lambda number: link.to(question, number))


def _ways(here: int, last: int, link: Callable[[int], str]) -> dict[str, str]:
    """From one page to others."""
    links: dict[str, str] = {}
    if here > 1:
        links |= {"first": link(1), "previous": link(here - 1)}
    if here < last:
        links |= {"next": link(here + 1), "last": link(last)}
    return links
