"""A cell of a table as a page shows it: links lead on, what is long is cut, and a text goes its
own way. Nothing is fetched from elsewhere before somebody clicks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from newsletter.text_direction import direction

LONG = 200  # characters of a cell that is shown whole
SHORT = 24  # that are always shown
PAGE = 80_000  # characters of all cells together
# Only whole cells: what stands around an address may be part of it.
ADDRESS = re.compile(r"https?://[^\s<>\"]{1,2000}", re.IGNORECASE)
PICTURE = re.compile(r"\.(?:avif|gif|jpe?g|png|svg|webp)\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShownCell:
    """``text`` is None where the value is missing. ``link`` is where an address leads, and
    ``more`` where the rest of a text that was cut can be read; empty: nowhere."""

    text: str | None
    direction: str = ""  # rtl, or empty
    link: str = ""
    is_picture: bool = False
    more: str = ""


def shown_cells(
    rows: Sequence[Sequence[str | None]], whole: Callable[[int, int], str]
) -> list[list[ShownCell]]:
    """``rows`` as they are shown; ``whole`` is the address of a cell by its row and its column
    among them."""
    most = _room(rows)
    return [
        [_shown(text, most, lambda row=row, at=at: whole(row, at)) for at, text in enumerate(cells)]  # type: ignore[misc]
        for row, cells in enumerate(rows)
    ]


def _room(rows: Sequence[Sequence[str | None]]) -> int:
    """How many characters of a cell are shown, so that the page stays small."""
    lengths = [len(text) for cells in rows for text in cells if text]
    if sum(min(length, LONG) for length in lengths) <= PAGE:
        return LONG
    return max(SHORT, PAGE // len(lengths))


def _shown(text: str | None, most: int, whole: Callable[[], str]) -> ShownCell:
    if not text:
        return ShownCell(text)
    link = text if ADDRESS.fullmatch(text) and _has_host(text) else ""
    is_picture = bool(link) and PICTURE.search(urlsplit(link).path) is not None
    if len(text) <= most:
        return ShownCell(text, direction(text), link, is_picture)
    cut = text[: most - 1].rstrip() + "…"
    return ShownCell(cut, direction(text), link, is_picture, "" if link else whole())


def _has_host(address: str) -> bool:
    """Whether it leads to a host, and nobody's name and password stand in it."""
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        return False
