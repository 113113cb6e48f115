"""The cells of a post as the blocks of its mail, each folded to its beginning.

``Post.cells`` is the contract (see newsletter.models.post); what they say is of strangers.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from newsletter.catalog import markdown
from newsletter.mailing.code_colours import coloured
from newsletter.mailing.content import InlineImage, Preview, Prose
from newsletter.mailing.post_content import Block, Code, Figure, Printed, Remark, Rows, Words
from newsletter.mailing.styled import styled
from newsletter.posts.languages import language_name
from newsletter.storage import Storage

WIDTH = 560  # CSS pixels: the width of the mail's text
PROSE_AT_MOST = 6_000  # characters of one cell
CODE_LINES, PRINTED_LINES, ERROR_LINES = 60, 12, 8
SPARE = 4  # rows or lines more than these are not worth a fold
LINE_AT_MOST = 160  # characters, of what was printed
CODE_LINE_AT_MOST = 400  # of code
TABLE_ROWS, TABLE_COLUMNS, CELL_AT_MOST = 8, 6, 40
FIGURES_AT_MOST = 12
FIGURE_BYTES, FIGURES_BYTES = 1_000_000, 2_000_000  # of one, and of all of a mail


class Blocks:
    """Makes the blocks of one mail."""

    def __init__(self, storage: Storage, address: Callable[[str], str], mail: str) -> None:
        """``address`` puts addresses for paths in a text; ``mail`` ends the images' ids."""
        self._storage = storage
        self._address = address
        self._mail = mail
        self._figures = 0
        self._bytes = 0

    def of_cell(self, cell: Mapping[str, Any]) -> Iterator[Block]:
        if cell["kind"] == "prose":
            yield _words(self._address(cell["markdown"]))
            return
        yield _code(self._address(cell["source"]), cell["language"])
        for output in cell["outputs"]:
            yield self._output(output)

    def _output(self, output: Mapping[str, Any]) -> Block:
        match output["kind"]:
            case "text":
                return _printed(output["text"])
            case "error":
                return _error(output["text"])
            case "table":
                return _rows(output)
            case "prose":
                return _words(self._address(output["markdown"]))
            case "html":
                return _html(output["html"])
            case "figure":
                return self._figure(output)
            case _:
                return Remark(output["text"])

    def _figure(self, output: Mapping[str, Any]) -> Block:
        with self._storage.open(output["key"]) as file:
            png = file.read(FIGURE_BYTES + 1)
        is_large = len(png) > FIGURE_BYTES or self._bytes + len(png) > FIGURES_BYTES
        if is_large or self._figures == FIGURES_AT_MOST:
            return Remark(output["alt"], "A figure")
        self._figures += 1
        self._bytes += len(png)
        width, height = struct.unpack(">II", png[16:24])  # PNG, 11.2.2
        shown = min(width, WIDTH)
        return Figure(
            InlineImage(
                cid=f"figure-{self._figures}.{self._mail}",
                png=png,
                width=shown,
                height=max(1, round(height * shown / width)),
                alt=output["alt"],
            )
        )


def _words(text: str) -> Block:
    kept = _beginning(text)
    if not kept:
        return Remark("A long passage.", "All of it")
    prose = Prose(styled(markdown.render(kept)), markdown.plain(kept))
    return Words(prose, "The rest of this passage" if len(kept) < len(text) else "")


def _beginning(text: str) -> str:
    """As many whole blocks of Markdown as there is room for."""
    if len(text) <= PROSE_AT_MOST:
        return text
    lines = text.splitlines(keepends=True)
    ends = [
        token.map[1] for token in MarkdownIt("commonmark").enable("table").parse(text)
        if token.level == 0 and token.map is not None
    ]  # fmt: skip
    kept = ["".join(lines[:end]) for end in ends]
    return max((part for part in kept if len(part) <= PROSE_AT_MOST), key=len, default="")


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


def _rows(output: Mapping[str, Any]) -> Block:
    header, rows = output["header"], output["rows"]
    shown = _whole_or(TABLE_ROWS, len(rows))
    preview = Preview(
        tuple(_cell(name) for name in header[:TABLE_COLUMNS]),
        tuple(tuple(_cell(cell) for cell in row[:TABLE_COLUMNS]) for row in rows[:shown]),
    )
    left_out = (
        _more(len(rows) - shown, "row"),
        _more(len(header) - TABLE_COLUMNS, "column"),
    )
    return Rows(preview, output["note"][:200], " and ".join(filter(None, left_out)))


def _html(html: str) -> Block:
    """Cleaned once more: what was kept may be older than the rules by which it was cleaned."""
    if len(html) > PROSE_AT_MOST:
        return Remark("A long passage.", "All of it")
    cleaned = nh3.clean(
        html,
        tags=markdown.TAGS,
        attributes={"a": {"href"}},
        url_schemes=markdown.SCHEMES,
        link_rel="noopener nofollow",
    )
    text = unescape(nh3.clean(cleaned.replace("<br>", "\n").replace("</p>", "\n\n"), tags=set()))
    return Words(Prose(styled(Markup(cleaned)), text.strip()))  # noqa: S704 - it was just cleaned


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
