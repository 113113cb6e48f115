"""The picture of a dataset without a chart, for those who are sent a link to it: its title and its
first rows. It is drawn once, as charts are, and kept beside the file of its first table.
"""

import hashlib
import json
import textwrap
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from newsletter.charts.draw import render_png
from newsletter.charts.theme import GRID, INK, QUIET
from newsletter.models.dataset import Version
from newsletter.storage import Storage
from newsletter.text_direction import direction

FORMAT = "1"  # of what is kept: another one is drawn again
WIDTH, HEIGHT, SCALE = 600, 315, 2  # 1200 by 630 pixels, as previews of links show them
MARGIN = 28
TITLE_SIZE, TITLE_LINE, TITLE_LETTERS, TITLE_LINES = 26, 33, 30, 3
ROW = 25
COLUMNS = 5  # at most
GAP = 14  # between two columns
LONGEST = 120  # letters of a cell: its column has room for fewer

Row = dict[str, Any]


def place(version: Version) -> str:
    """The key under which it is kept: by all that it shows."""
    table = version.tables[0]
    names = [column["name"] for column in table.columns[:COLUMNS]]
    content = [FORMAT, version.title, table.rows, len(table.columns), names]
    digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
    key: str = table.files["parquet"]["key"]
    return f"{key}.{digest[:10]}.{digest[10:20]}.png"


def draw(version: Version, storage: Storage) -> None:
    """Draw it, if it is not kept. Raises Invalid."""
    key = version.tables[0].files["parquet"]["key"]
    storage.derived(key, place(version).removeprefix(key), partial(_write, version=version))


def _write(_source: BinaryIO, target: BinaryIO, version: Version) -> None:
    texts = list(_texts(version))
    target.write(render_png(_spec(texts), texts, WIDTH, SCALE))


def _texts(version: Version) -> Iterator[Row]:
    """Each text of the picture: where it stands, and in which of the layers."""
    table = version.tables[0]
    lines = textwrap.wrap(version.title, TITLE_LETTERS, max_lines=TITLE_LINES, placeholder=" …")
    y = MARGIN
    for line in lines:
        yield _text(line, "title", 0, 1, y, bool(direction(version.title)))
        y += TITLE_LINE
    size = " × ".join([_count(table.rows, "row"), _count(len(table.columns), "column")])
    yield _text(size, "size", 0, 1, y, bool(direction(version.title)))
    y += ROW + GAP
    shown = table.columns[:COLUMNS]
    is_right = [
        column["type"] in ("integer", "number") or bool(direction(column["name"]))
        for column in shown
    ]
    for n, column in enumerate(shown):
        yield _text(column["name"], "head", n, len(shown), y, is_right[n])
    for row in table.preview[: (HEIGHT - MARGIN // 2 - y) // ROW - 1]:
        y += ROW
        for n, cell in enumerate(row[: len(shown)]):
            text = "" if cell is None else str(cell)
            yield _text(text, "cell", n, len(shown), y, is_right[n] or bool(direction(text)))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _text(text: str, role: str, column: int, columns: int, y: int, is_right: bool) -> Row:
    width = (WIDTH - 2 * MARGIN + GAP) / columns
    left = MARGIN + column * width
    return {
        "text": " ".join(text.split())[:LONGEST],
        "layer": f"{role} {'right' if is_right else 'left'}",
        "x": left + width - GAP if is_right else left,
        "y": y,
        "room": width - GAP,
    }


def _spec(texts: list[Row]) -> dict[str, Any]:
    marks: dict[str, dict[str, Any]] = {
        "title": {"fontSize": TITLE_SIZE, "fontWeight": "bold", "color": INK},
        "size": {"fontSize": 15, "color": QUIET},
        "head": {"fontSize": 14, "fontWeight": "bold", "color": INK},
        "cell": {"fontSize": 14, "color": QUIET},
    }
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "padding": 0,
        "autosize": "none",
        "description": " ".join(text["text"] for text in texts),  # by which its face is chosen
        "encoding": {"x": _axis("x", WIDTH), "y": _axis("y", HEIGHT)},
        "layer": [_line(texts), *_layers(texts, marks)],
    }


def _axis(field: str, pixels: int) -> dict[str, Any]:
    """Pixels from the left, or from the top."""
    scale = {"domain": [0, pixels], "reverse": field == "y"}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def _layers(texts: list[Row], marks: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for name in sorted({text["layer"] for text in texts}):
        role, align = name.split()
        room = next(text["room"] for text in texts if text["layer"] == name)
        yield {
            "transform": [{"filter": {"field": "layer", "equal": name}}],
            "mark": {"type": "text", "baseline": "top", "align": align, "limit": room}
            | marks[role],
            "encoding": {"text": {"field": "text", "type": "nominal"}},
        }


def _line(texts: list[Row]) -> dict[str, Any]:
    """Below the names of the columns."""
    y = next(text["y"] for text in texts if text["layer"].startswith("head")) + ROW - 6
    mark = {"type": "rule", "color": GRID, "strokeWidth": 1.5}
    ends = {"x": MARGIN, "x2": WIDTH - MARGIN, "y": y}
    return {"mark": mark, "encoding": {name: {"value": end} for name, end in ends.items()}}
