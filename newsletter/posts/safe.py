"""A post as it was written, as the cells that readers are shown."""

import time
from collections.abc import Iterator

from newsletter.catalog.markdown import render
from newsletter.errors import UnreadablePost
from newsletter.posts.cells import Cell, Code, Prose
from newsletter.posts.outputs import Keep, Outputs
from newsletter.posts.plain_text import kept
from newsletter.posts.run_record import RunRecord
from newsletter.posts.written import MAX_CELLS, Written, WrittenCode

MAX_CHARACTERS = 300_000  # of prose and code
MAX_SETTING = 3.0  # seconds of a processor for its Markdown, which every view of it takes again


def safe_cells(written: Written, record: RunRecord | None, keep: Keep) -> tuple[Cell, ...]:
    """The cells of ``written``, with the outputs of ``record`` where it has none of its own.

    ``keep`` stores a figure's PNG and returns its key. Raises UnreadablePost for a post that
    is too large to be shown.
    """
    _refuse_large(written)
    cells = tuple(_cells(written, record, keep))
    _refuse_slow(cells)
    return cells


def _cells(written: Written, record: RunRecord | None, keep: Keep) -> Iterator[Cell]:
    outputs = Outputs(written.front.title, keep)
    recorded = iter(record.outputs if record and written.form == "md" else ())
    for cell in written.cells:
        if not isinstance(cell, WrittenCode):
            yield Prose(kept(cell.markdown))
            continue
        raw = cell.outputs
        if cell.runs and not raw:
            raw = tuple(next(recorded, ()))
        shown = outputs.of(raw, cell.alt)
        yield Code(kept(cell.language)[:40], kept(cell.source), cell.runs, shown)


def _refuse_large(written: Written) -> None:
    if len(written.cells) > MAX_CELLS:
        raise UnreadablePost(
            f"The post has {len(written.cells):,} cells and {MAX_CELLS} are the most: split it."
        )
    texts = (c.source if isinstance(c, WrittenCode) else c.markdown for c in written.cells)
    characters = sum(map(len, texts))
    if characters > MAX_CHARACTERS:
        raise UnreadablePost(
            f"The post has {characters:,} characters of text and code, and {MAX_CHARACTERS:,} are "
            "the most: split it."
        )


def _refuse_slow(cells: tuple[Cell, ...]) -> None:
    began = time.process_time()
    for cell in cells:
        proses = (
            [o for o in cell.outputs if isinstance(o, Prose)] if isinstance(cell, Code) else [cell]
        )
        for prose in proses:
            render(prose.markdown)
            if time.process_time() - began > MAX_SETTING:
                raise UnreadablePost("The post's Markdown takes too long to set: make it simpler.")
