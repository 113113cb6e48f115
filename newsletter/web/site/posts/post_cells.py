"""The cells of a post as a page, a feed or a preview shows them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

from markupsafe import Markup

from newsletter.catalog import markdown
from newsletter.catalog.data_paths import with_addresses
from newsletter.catalog.describe.published import data_addresses
from newsletter.models.post import Post
from newsletter.posts.cells import Code, Figure, Html, Output, Prose, Table, from_json
from newsletter.posts.wording import language_name
from newsletter.web.site.highlight import coloured

FigureUrl = Callable[[int, Figure], str]

NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class ShownOutput:
    """``kind`` says which of the others it has: see posts.cells."""

    kind: str
    html: Markup = NOTHING
    text: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    numeric: tuple[bool, ...] = ()  # of each column of a table
    label: str = ""  # for who does not see it
    url: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class ShownCell:
    kind: str  # prose or code
    html: Markup
    label: str = ""  # of code: its language
    source: str = ""  # of code, as plain text
    runs: bool = False
    outputs: tuple[ShownOutput, ...] = ()


def shown_cells(
    post: Post, base_url: str, figure_url: FigureUrl, in_colour: bool = True
) -> list[ShownCell]:
    """Each cell of ``post``, whose data are read from their addresses; ``figure_url`` says
    where a figure is, of which it is told the number, from 1 on. Code that is not ``in_colour``
    has its source alone."""
    numbers = count(1)
    addressed = partial(with_addresses, addresses=data_addresses(post.version, base_url))

    def shown_outputs(outputs: Iterable[Output]) -> Iterator[ShownOutput]:
        for output in outputs:
            match output:
                case Prose():
                    yield ShownOutput("prose", markdown.render(addressed(output.markdown)))
                case Html():  # once more: it may be older than the rules by which it was cleaned
                    yield ShownOutput("prose", markdown.clean(output.html))
                case Table():
                    yield _table(output)
                case Figure():
                    yield _figure(output, figure_url(next(numbers), output))
                case _:
                    yield ShownOutput(output.kind, text=output.text)

    def shown_code(cell: Code) -> ShownCell:
        source = addressed(cell.source)
        html = coloured(source, cell.language) if in_colour else NOTHING
        outputs = tuple(shown_outputs(cell.outputs))
        return ShownCell("code", html, language_name(cell.language), source, cell.runs, outputs)

    return [
        shown_code(cell)
        if isinstance(cell, Code)
        else ShownCell("prose", markdown.render(addressed(cell.markdown)))
        for cell in from_json(post.cells)
    ]


def _table(table: Table) -> ShownOutput:
    return ShownOutput(
        "table",
        header=table.header,
        rows=table.rows,
        numeric=table.numeric,
        text=table.note,
        label=f"A table with {len(table.rows)} {'row' if len(table.rows) == 1 else 'rows'}",
    )


def _figure(figure: Figure, url: str) -> ShownOutput:
    return ShownOutput(
        "figure", label=figure.alt, url=url, width=figure.width, height=figure.height
    )
