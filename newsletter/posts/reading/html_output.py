"""A result in HTML, as tables of text and as prose without anything that acts.

nh3 (html5ever and ammonia) reads it as a browser does and leaves what is named here; only
then are the tables taken out.
"""

import re
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

import nh3

from newsletter.posts.cells import Html, Note, Table
from newsletter.posts.reading.plain_text import kept

PROSE = {
    "p", "br", "hr", "ul", "ol", "li", "strong", "b", "em", "i", "code", "pre", "a", "blockquote",
    "sub", "sup", "h4", "h5", "h6",
}  # fmt: skip
TABLE = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption", "small"}
# Dropped with all that is in them; of any other element the text stays.
SILENT = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "form",
    "select", "textarea", "button", "canvas", "audio", "video", "title", "head", "xmp",
    "noembed", "noframes", "plaintext",
}  # fmt: skip
LINK = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
# Of pandas and of Polars: how large the table was that a part is shown of.
SHAPE = re.compile(r"(?:[\d,]+ rows × [\d,]+ columns|shape: \([\d,_]+, [\d,_]+\))")
MAX_ROWS = 200
MAX_COLUMNS = 60
MAX_CELL = 500  # characters
MAX_HTML = 50_000  # characters
LEVELS_AT_MOST = 500  # of elements within elements: reading more takes far longer than its size
START_OR_END = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# Those that have no end, or that end where the next one begins.
NOT_A_LEVEL = {
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
    "wbr", "p", "li", "dt", "dd", "option", "optgroup", "rp", "rt", "tr", "td", "th", "thead",
    "tbody", "tfoot", "colgroup",
}  # fmt: skip


def read(text: str) -> list[Table | Html | Note]:
    """What ``text`` shows, in order; nothing where it shows nothing without a script."""
    if _is_too_deep(text):
        return [Note("A result in HTML that is nested too deeply is in the notebook.")]
    clean = nh3.clean(
        text,
        tags=PROSE | TABLE,
        clean_content_tags=SILENT,
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
        strip_comments=True,
    )
    taker = _Taker()
    taker.feed(clean)
    taker.close()
    return taker.taken()


def _is_too_deep(text: str) -> bool:
    levels = 0
    for sign, tag in START_OR_END.findall(text):
        if tag.lower() not in NOT_A_LEVEL:
            levels = max(0, levels - 1) if sign else levels + 1
            if levels > LEVELS_AT_MOST:
                return True
    return False


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return value.strip() if LINK.fullmatch(value.strip()) else None
    return value if re.fullmatch(r"[0-9]{1,3}", value) else None


@dataclass(slots=True)
class _Row:
    cells: list[str] = field(default_factory=list)
    is_header: bool = False


class _Taker(HTMLParser):
    """Splits clean HTML into prose and the tables that are not inside another."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._found: list[Table | Html | Note] = []
        self._prose: list[str] = []
        self._depth = 0  # of tables
        self._in_head = False
        self._rows: list[_Row] = []
        self._cell: list[str] | None = None
        self._span = 1
        self._below: dict[int, int] = {}  # columns taken from above, and for how many rows

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self._end_prose()
                self._rows, self._below, self._in_head = [], {}, False
        elif self._depth == 0:
            if tag in PROSE:
                self._prose.append(self.get_starttag_text() or "")
        elif self._depth == 1:
            self._start_in_table(tag, dict(attrs))

    def _start_in_table(self, tag: str, attrs: dict[str, str | None]) -> None:
        match tag:
            case "thead":
                self._in_head = True
            case "tr":
                self._rows.append(_Row(is_header=self._in_head))
            case "td" | "th":
                self._rows = self._rows or [_Row()]
                self._skip_taken()
                self._cell = []
                self._span = min(max(int(attrs.get("colspan") or 1), 1), MAX_COLUMNS)
                rows = min(int(attrs.get("rowspan") or 1), MAX_ROWS)
                at = len(self._rows[-1].cells)
                if rows > 1:
                    self._below |= dict.fromkeys(range(at, at + self._span), rows)
            case "br":
                self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._depth:
            self._depth -= 1
            if self._depth == 0:
                self._end_table()
        elif self._depth == 0:
            if tag in PROSE:
                self._prose.append(f"</{tag}>")
        elif self._depth == 1:
            self._end_in_table(tag)

    def _end_in_table(self, tag: str) -> None:
        match tag:
            case "thead":
                self._in_head = False
            case "td" | "th" if self._cell is not None:
                text = " ".join("".join(self._cell).split())
                cut = text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
                row = self._rows[-1]
                further = kept(cut) if row.is_header else ""
                row.cells += [kept(cut)] + [further] * (self._span - 1)
                self._cell = None
            case "tr":
                self._below = {at: rows - 1 for at, rows in self._below.items() if rows > 1}

    def handle_data(self, data: str) -> None:
        if self._depth == 0:
            self._prose.append(escape(kept(data), quote=False))
        elif self._cell is not None:
            self._cell.append(data)

    def _skip_taken(self) -> None:
        """Cells that one above them reaches into stay empty."""
        row = self._rows[-1].cells
        while len(row) in self._below and len(row) < MAX_COLUMNS:
            row.append("")

    def _end_prose(self) -> None:
        # Once more: a table may have parted a tag from its end.
        html = nh3.clean("".join(self._prose), tags=PROSE, attributes={"a": {"href"}}).strip()
        self._prose = []
        words = re.sub(r"<[^>]*>", "", html).strip()
        if not words:
            return
        before = self._found[-1] if self._found else None
        if SHAPE.fullmatch(words) and isinstance(before, Table) and not before.note:
            self._found[-1] = Table(before.header, before.rows, words)
        elif len(html) > MAX_HTML:
            self._found.append(Note("A long text in HTML is shown in the notebook."))
        else:
            self._found.append(Html(html))

    def _end_table(self) -> None:
        heads = [row.cells for row in self._rows if row.is_header]
        rows = [row.cells for row in self._rows if not row.is_header and row.cells]
        if not heads and rows:
            heads, rows = rows[:1], rows[1:]
        if not heads:
            return
        width = max(map(len, (*heads, *rows)))
        notes = []
        if len(rows) > MAX_ROWS:
            notes.append(f"the first {MAX_ROWS} of {len(rows):,} rows")
        if width > MAX_COLUMNS:
            notes.append(f"the first {MAX_COLUMNS} of {width:,} columns")
        note = f"Shown: {' and '.join(notes)}." if notes else ""
        shape = self._found[-1] if self._found else None
        if isinstance(shape, Html) and SHAPE.fullmatch(shape.html):  # Polars says it above
            self._found.pop()
            note = note or shape.html
            # Below the names it says the types, and it puts texts in quotes.
            heads, rows = heads[:1], [[_unquoted(cell) for cell in row] for row in rows]
        columns = range(min(width, MAX_COLUMNS))
        header = tuple(_label([h[at] for h in heads if at < len(h)]) for at in columns)
        if (
            len(heads) > 1 and heads[-1] and not heads[-1][-1]
        ):  # pandas: the names of the index stand below
            below = heads[-1]
            header = tuple(
                below[at] if at < len(below) and below[at] else text
                for at, text in enumerate(header)
            )
        cut = tuple(tuple(r[at] if at < len(r) else "" for at in columns) for r in rows[:MAX_ROWS])
        self._found.append(Table(header, cut, note))

    def taken(self) -> list[Table | Html | Note]:
        self._end_prose()
        return self._found


def _label(names: list[str]) -> str:
    return " ".join(name for name in names if name)


def _unquoted(cell: str) -> str:
    is_quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1] if is_quoted else cell
