"""The plain-text part's layout: wrapped paragraphs, aligned tables, sparklines."""

import re
import textwrap
import unicodedata
from datetime import date

from newsletter.mailing.content import Preview

WIDTH = 76
GAP = "  "
MISSING = "–"
LIST_ITEM = re.compile(r"\s*(?:[-*•]|\d+[.)])\s+")
SPARKS = "▁▂▃▄▅▆▇█"


def wrap(text: str, first: str = "", rest: str | None = None) -> str:
    """``text`` at most WIDTH characters wide, its paragraphs and list items kept.

    ``first`` begins the first line and ``rest`` each one after it (as many
    spaces as ``first`` is long, unless given). Words longer than a line, such
    as URLs, stay whole.
    """
    hanging = " " * len(first) if rest is None else rest
    lines: list[str] = []
    for paragraph in _paragraphs(text):
        item = LIST_ITEM.match(paragraph)
        lines += textwrap.wrap(
            paragraph,
            WIDTH,
            initial_indent=hanging if lines else first,
            subsequent_indent=hanging + " " * (item.end() if item else 0),
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines)


def heading(text: str, underline: str = "-") -> str:
    """``text``, underlined at its width."""
    return f"{text}\n{underline * _width(text)}"


def table(preview: Preview) -> str:
    """The preview in monospace columns, at most WIDTH wide.

    A table too wide for that is turned on its side, a line for each column of
    the data; if even that is too wide, its longest cells are cut with "…".
    """
    upright = [[cell or MISSING for cell in line] for line in (preview.headers, *preview.rows)]
    if _table_width(upright) <= WIDTH:
        return _align(upright, preview.numeric)
    sideways = [list(line) for line in zip(*upright, strict=True)]
    return _align(_narrowed(sideways), (False,) + (True,) * len(preview.rows))


def sparkline(bars: tuple[int, ...]) -> str:
    """Heights from 0 to 100 as block characters."""
    return "".join(SPARKS[min(bar, 99) * len(SPARKS) // 100] for bar in bars)


def long_date(day: date) -> str:
    """Monday 23 November 2026."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _paragraphs(text: str) -> list[str]:
    """Lines joined to paragraphs; "" stands for the blank line between two."""
    paragraphs: list[str] = []
    for line in text.strip().splitlines():
        joins = line.strip() and paragraphs and paragraphs[-1] and not LIST_ITEM.match(line)
        if joins:
            paragraphs[-1] += " " + line.strip()
        else:
            paragraphs.append(line.rstrip())
    return paragraphs


def _align(lines: list[list[str]], right: tuple[bool, ...]) -> str:
    widths = _widths(lines)
    return "\n".join(GAP.join(map(_padded, line, widths, right)).rstrip() for line in lines)


def _padded(cell: str, width: int, right: bool) -> str:
    padding = " " * (width - _width(cell))
    return padding + cell if right else cell + padding


def _narrowed(lines: list[list[str]]) -> list[list[str]]:
    limit = max(_widths(lines))
    while limit > 1 and _table_width(lines) > WIDTH:
        limit -= 1
        lines = [[_cut(cell, limit) for cell in line] for line in lines]
    return lines


def _cut(cell: str, limit: int) -> str:
    if _width(cell) <= limit:
        return cell
    while _width(cell) >= limit:
        cell = cell[:-1]
    return cell + "…"


def _table_width(lines: list[list[str]]) -> int:
    widths = _widths(lines)
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _widths(lines: list[list[str]]) -> list[int]:
    return [max(map(_width, cells)) for cells in zip(*lines, strict=True)]


def _width(text: str) -> int:
    """How many cells of a terminal ``text`` takes up (UAX #11)."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
