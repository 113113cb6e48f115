"""Tables of a web page: of several the largest is read, unless another is named.

A cell that goes over several rows or columns has its value in the first of them, as a merged
cell of a spreadsheet has.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import lxml.html
from lxml import etree

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.encodings import find_encoding
from newsletter.tables.reading.file_kinds import readable_kinds
from newsletter.tables.reading.readers.grid import MERGED, table_of
from newsletter.tables.reading.staging import MAX_COLUMNS, Reading
from newsletter.tables.reading.table_choice import choose

HEAD = 4096  # bytes in which a page says its encoding
CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s{0,9}=[\s"']{0,9}([\w.:-]{1,40})""", re.I)
BLANKS = re.compile(r"[ \t\r\n\f\u200b]+")  # which mean one; the others are part of a text
NOT_SHOWN = (
    "//script | //style | //template | //comment() | //sup[contains(@class, 'reference')]"
    " | //*[contains(translate(@style, ' ', ''), 'display:none')]"
)
SIGN_IN_FIELD = "//input[@type='password']"
RAISED_MARK = re.compile(r"[\[(]?[0-9a-z*†‡§](\s*,\s*[0-9a-z*†‡§])*[\])]?", re.I)
LEAST = 2  # rows, and columns, that a table of data has
NAMED = 8  # tables in a note
LONGEST = 60  # characters of a table's name
MAX_ROWS_SPANNED = 100_000

Cells = list[str | None]


@dataclass(frozen=True, slots=True)
class _HtmlTable:
    name: str
    rows: list[Cells]
    depth: int | None  # of its header, if it says so
    has_merged: bool

    @property
    def size(self) -> int:
        return len(self.rows) * max(map(len, self.rows), default=0)


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load a table of ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    page = _page(path, options["encoding"])
    tables = _tables(page)
    if not tables:
        raise UnreadableTable(_no_table(page))
    notes: list[str] = []
    table = _chosen(tables, options["table"], notes)
    if table.has_merged:
        notes.append(MERGED)
    return table_of(
        connection, table.rows, notes, folder, options, depth=table.depth, least_header=0
    )


def _page(path: Path, stated: str | None) -> Any:
    raw = path.read_bytes()
    declared = CHARSET.search(raw[:HEAD])
    if stated is None and declared and not raw.startswith((b"\xef\xbb\xbf", b"\xff\xfe")):
        stated = declared[1].decode("ascii")
    text = raw.decode(find_encoding(path, stated).name, "replace")
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True)
    try:
        page = lxml.html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableTable("The web page does not read as HTML: save it again.") from error
    for hidden in page.xpath(NOT_SHOWN):
        if hidden.getparent() is not None:
            hidden.drop_tree()
    for raised in list(page.iter("sup")):
        if _is_footnote_mark(raised):
            raised.drop_tree()
    for line_break in page.iter("br"):
        line_break.tail = f" {line_break.tail or ''}"
    return page


def _is_footnote_mark(raised: Any) -> bool:
    """Whether it would be read as digits of the number before it."""
    before = raised.getprevious()
    text = before.tail if before is not None else raised.getparent().text
    mark = raised.text_content().strip()
    return bool(re.search(r"\d\s*$", text or "") and RAISED_MARK.fullmatch(mark))


def _tables(page: Any) -> list[_HtmlTable]:
    """Those with data: of two rows and columns at least, and no other table inside."""
    tables: dict[str, _HtmlTable] = {}
    for element in page.iter("table"):
        if element.find(".//table") is not None:
            continue
        name = _name(element, len(tables) + 1)
        name = f"table {len(tables) + 1}" if name in tables else name
        table = _table(element, name)
        if len(table.rows) >= LEAST and max(map(len, table.rows)) >= LEAST:
            tables[name] = table
    return list(tables.values())


def _name(element: Any, place: int) -> str:
    caption = element.find("caption")
    text = _text(caption) if caption is not None else ""
    return (text or element.get("id") or f"table {place}")[:LONGEST].strip()


def _table(element: Any, name: str) -> _HtmlTable:
    lines = list(element.iter("tr"))
    lines = [line for line, row in zip(lines, _rows(lines), strict=True) if any(row)]
    rows = list(_rows(lines))
    heads = [_is_head(line) for line in lines]
    depth = heads.index(False) if False in heads else 0
    if rows and sum(map(bool, rows[0])) == 1:  # a title, which is no header
        depth = 0
    has_merged = bool(element.xpath(".//tbody//*[@rowspan>1] | ./tr/*[@rowspan>1]"))
    return _HtmlTable(name, rows, depth or None, has_merged)


def _is_head(line: Any) -> bool:
    cells = [cell.tag for cell in line if cell.tag in {"td", "th"}]
    return line.getparent().tag == "thead" or (bool(cells) and set(cells) == {"th"})


def _rows(lines: Sequence[Any]) -> Iterator[Cells]:
    reaching_down: dict[int, int] = {}  # columns of cells from above -> rows that they go on for
    for line in lines:
        row: Cells = []
        for cell in line:
            if cell.tag not in {"td", "th"}:
                continue
            _pass_spans(row, reaching_down)
            width = min(_span(cell, "colspan"), MAX_COLUMNS)
            height = min(_span(cell, "rowspan"), MAX_ROWS_SPANNED)
            if height > 1:
                reaching_down |= dict.fromkeys(range(len(row), len(row) + width), height)
            row += [_text(cell), *[None] * (width - 1)]
            if len(row) > MAX_COLUMNS:
                break
        _pass_spans(row, reaching_down)
        reaching_down = {at: left - 1 for at, left in reaching_down.items() if left > 1}
        yield row


def _pass_spans(row: Cells, reaching_down: Mapping[int, int]) -> None:
    """Leave the cells of ``row`` empty that are covered from above."""
    while len(row) in reaching_down:
        row.append(None)


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return max(int(value), 1) if value.isascii() and value.isdigit() and len(value) < 7 else 1


def _text(element: Any) -> str:
    return BLANKS.sub(" ", element.text_content()).strip()


def _chosen(tables: Sequence[_HtmlTable], wanted: str | None, notes: list[str]) -> _HtmlTable:
    if wanted is not None:
        if wanted.isdecimal() and 0 < int(wanted) <= len(tables):
            return tables[int(wanted) - 1]
        name = choose([table.name for table in tables], wanted, "The page")
        return next(table for table in tables if table.name == name)
    largest = max(tables, key=lambda table: table.size)
    if len(tables) > 1:
        named = ", ".join(table.name for table in tables[:NAMED])
        notes.append(
            f"Of {len(tables):,} tables on the page the largest was taken, {largest.name}: state"
            f" another by its name or number, of {named}{', …' if len(tables) > NAMED else ''}."
        )
    return largest


def _no_table(page: Any) -> str:
    title = BLANKS.sub(" ", page.findtext(".//title") or "").strip()[:LONGEST]
    if page.xpath(SIGN_IN_FIELD):
        return (
            f"This is a page that asks for a password{f' ({title})' if title else ''}, not a table:"
            " download the file while signed in, and give that."
        )
    called = f" ({title})" if title else ""
    return f"This is a web page{called}, not a table: give {readable_kinds()}."
