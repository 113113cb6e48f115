"""The cells of a post as the blocks of its mail, each folded to its beginning.

What they say is of strangers: see newsletter.posts.cells.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from html import unescape

import nh3

from newsletter.catalog import markdown
from newsletter.mailing.content import InlineImage, Preview, Prose
from newsletter.mailing.posts.code_colours import coloured
from newsletter.mailing.posts.post_content import Block, Code, Figure, Printed, Remark, Rows, Words
from newsletter.mailing.styled import styled, styled_prose
from newsletter.posts import cells
from newsletter.posts.wording import language_name

WIDTH = 560  # CSS pixels: the width of the mail's text
PROSE_AT_MOST = 6_000  # characters of one cell
CODE_LINES, PRINTED_LINES, ERROR_LINES = 60, 12, 8
SPARE = 4  # rows or lines more than these are not worth a fold
LINE_AT_MOST = 160  # characters, of what was printed
CODE_LINE_AT_MOST = 400  # of code
TABLE_ROWS, TABLE_COLUMNS, CELL_AT_MOST = 8, 6, 40
FIGURES_AT_MOST = 12
FIGURE_BYTES, FIGURES_BYTES = 1_000_000, 2_000_000  # of one, and of all of a mail


def figures_with_room(
    figures: Iterable[cells.Figure], read: Callable[[cells.Figure, int], bytes]
) -> tuple[bytes | None, ...]:
    """The PNG of each figure of a post that its mail has room for, None for each other;
    ``read`` returns so many bytes of one at most."""
    pngs: list[bytes | None] = []
    count = total = 0
    for figure in figures:
        png = read(figure, FIGURE_BYTES + 1) if count < FIGURES_AT_MOST else None
        if png is None or len(png) > FIGURE_BYTES or total + len(png) > FIGURES_BYTES:
            pngs.append(None)
            continue
        count, total = count + 1, total + len(png)
        pngs.append(png)
    return tuple(pngs)


class Blocks:
    """Makes the blocks of one mail."""

    def __init__(
        self, figures: Iterable[bytes | None], address: Callable[[str], str], mail: str
    ) -> None:
        """``figures`` are the PNGs (see ``figures_with_room``); ``address`` puts addresses for
        paths in a text; ``mail`` ends the images' ids."""
        self._pngs = iter(figures)
        self._address = address
        self._mail = mail
        self._figures = 0

    def of_cell(self, cell: cells.Cell) -> Iterator[Block]:
        if isinstance(cell, cells.Prose):
            yield _words(self._address(cell.markdown))
            return
        yield _code(self._address(cell.source), cell.language)
        for output in cell.outputs:
            yield self._output(output)

    def _output(self, output: cells.Output) -> Block:
        match output:
            case cells.Text():
                return _printed(output.text)
            case cells.Error():
                return _error(output.text)
            case cells.Table():
                return _rows(output)
            case cells.Prose():
                return _words(self._address(output.markdown))
            case cells.Html():
                return _html(output.html)
            case cells.Figure():
                return self._figure(output, next(self._pngs))
            case cells.Note():
                return Remark(output.text)

    def _figure(self, figure: cells.Figure, png: bytes | None) -> Block:
        if png is None:
            return Remark(figure.alt, "A figure")
        self._figures += 1
        width, height = struct.unpack(">II", png[16:24])  # PNG, 11.2.2
        shown = min(width, WIDTH)
        return Figure(
            InlineImage(
                cid=f"figure-{self._figures}.{self._mail}",
                png=png,
                width=shown,
                height=max(1, round(height * shown / width)),
                alt=figure.alt,
            )
        )


def _words(text: str) -> Block:
    kept = markdown.beginning(text, PROSE_AT_MOST)
    if not kept:
        return Remark("A long passage.", "All of it")
    return Words(styled_prose(kept), "The rest of this passage" if len(kept) < len(text) else "")


def _code(source: str, language: str) -> Block:
    shown, folded = _first_lines(source, CODE_LINES, CODE_LINE_AT_MOST)
    return Code(language_name(language), shown, coloured(shown, language), folded)


def _printed(text: str) -> Block:
    shown, folded = _first_lines(text, PRINTED_LINES, LINE_AT_MOST)
    return Printed(shown, folded=folded)


def _error(text: str) -> Block:
    """Its end says what went wrong."""
    lines = text.strip("\n").split("\n")
    shown = "\n".join(line[:LINE_AT_MOST] for line in lines[-ERROR_LINES:])
    return Printed(shown, True, _more(len(lines) - ERROR_LINES, "line"))


def _rows(table: cells.Table) -> Block:
    header, rows = table.header, table.rows
    shown = _whole_or(TABLE_ROWS, len(rows))
    preview = Preview(
        tuple(_cell(name) for name in header[:TABLE_COLUMNS]),
        tuple(tuple(_cell(cell) for cell in row[:TABLE_COLUMNS]) for row in rows[:shown]),
        table.numeric[:TABLE_COLUMNS],
    )
    left_out = (
        _more(len(rows) - shown, "row"),
        _more(len(header) - TABLE_COLUMNS, "column"),
    )
    return Rows(preview, table.note[:200], " and ".join(filter(None, left_out)))


def _html(html: str) -> Block:
    """Cleaned once more: what was kept may be older than the rules by which it was cleaned."""
    if len(html) > PROSE_AT_MOST:
        return Remark("A long passage.", "All of it")
    cleaned = markdown.clean(html)
    text = unescape(nh3.clean(cleaned.replace("<br>", "\n").replace("</p>", "\n\n"), tags=set()))
    return Words(Prose(styled(cleaned), text.strip()))


def _first_lines(text: str, most: int, width: int) -> tuple[str, str]:
    """The beginning of a text, and how much more of it there is, in words."""
    lines = text.strip("\n").split("\n")
    most = _whole_or(most, len(lines))
    shown = [line if len(line) <= width else f"{line[:width]}…" for line in lines[:most]]
    if len(lines) > most:
        return "\n".join(shown), _more(len(lines) - most, "line")
    return "\n".join(shown), "The ends of long lines" if shown != lines else ""


def _whole_or(most: int, there: int) -> int:
    """How many are shown of those that there are."""
    return there if there <= most + SPARE else most


def _more(count: int, noun: str) -> str:
    if count <= 0:
        return ""
    return f"{count:,} more {noun}{'' if count == 1 else 's'}"


def _cell(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= CELL_AT_MOST else f"{text[: CELL_AT_MOST - 1]}…"
