"""A post as it was written, as the cells that readers are shown."""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from newsletter.catalog.markdown import plain, render
from newsletter.errors import UnreadablePost
from newsletter.posts.cells import Cell, Code, Prose
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.reading.outputs import Keep, Outputs
from newsletter.posts.reading.parsed_post import MAX_CELLS, Written, WrittenCode
from newsletter.posts.reading.plain_text import kept

MAX_CHARACTERS = 200_000  # of prose and code
MAX_PROSE = 50_000  # characters of one cell
MAX_SETTING = 1.0  # seconds of a processor for its Markdown, which every view of it takes again


def safe_cells(written: Written, ran: Sequence[Iterable[Any]], keep: Keep) -> tuple[Cell, ...]:
    """The cells of ``written``. A Markdown post has no outputs of its own: those of its run
    cells are ``ran``, in order.

    ``keep`` stores a figure's PNG and returns its key. Raises UnreadablePost for a post that
    is too large to be shown.
    """
    _refuse_large(written)
    cells = tuple(_cells(written, ran, keep))
    _refuse_slow(cells)
    return cells


def words_in(front: FrontMatter, cells: Iterable[Cell]) -> str:
    """What a search looks in: the post's texts and code in lower case, without outputs."""
    texts = [front.title, front.question, front.author, front.credit or ""]
    for cell in cells:
        texts.append(plain(cell.markdown) if isinstance(cell, Prose) else cell.source)
    return "\n".join(texts).casefold()


def _cells(written: Written, ran: Sequence[Iterable[Any]], keep: Keep) -> Iterator[Cell]:
    outputs = Outputs(written.front.title, keep)
    recorded = iter(ran if written.form == "md" else ())
    for cell in written.cells:
        if not isinstance(cell, WrittenCode):
            yield Prose(kept(cell.markdown))
            continue
        raw = next(recorded, ()) if cell.runs and written.form == "md" else cell.outputs
        shown = outputs.of(raw, cell.alt)
        yield Code(kept(cell.language)[:40], kept(cell.source), cell.runs, shown)


def _refuse_large(written: Written) -> None:
    if len(written.cells) > MAX_CELLS:
        raise UnreadablePost(
            f"The post has {len(written.cells):,} cells and {MAX_CELLS} are the most: split it."
        )
    proses = [c.markdown for c in written.cells if not isinstance(c, WrittenCode)]
    sources = [c.source for c in written.cells if isinstance(c, WrittenCode)]
    characters = sum(map(len, (*proses, *sources)))
    if characters > MAX_CHARACTERS:
        raise UnreadablePost(
            f"The post has {characters:,} characters of text and code, and {MAX_CHARACTERS:,} are "
            "the most: split it."
        )
    if (longest := max(map(len, proses), default=0)) > MAX_PROSE:
        raise UnreadablePost(
            f"A text of the post has {longest:,} characters and {MAX_PROSE:,} are the most: put "
            "code between its parts, or split the post."
        )


def _refuse_slow(cells: tuple[Cell, ...]) -> None:
    began = time.process_time()
    for cell in cells:
        for shown in cell.outputs if isinstance(cell, Code) else (cell,):
            if isinstance(shown, Prose):
                render(shown.markdown)
        if time.process_time() - began > MAX_SETTING:
            raise UnreadablePost("The post's Markdown takes too long to set: make it simpler.")
