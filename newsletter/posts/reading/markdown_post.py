"""A post in Markdown: front matter, prose, and fences of code.

A fence whose info string is ``python``, ``sql`` or ``r`` is run; ``python no-run``, and a
fence of any other language, is only shown. A fence inside a list or a quotation is prose.
"""

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from newsletter.posts import front_matter
from newsletter.posts.front_matter import FrontMatter
from newsletter.posts.languages import BY_NAME
from newsletter.posts.reading.parsed_post import (
    Written,
    WrittenCell,
    WrittenCode,
    WrittenProse,
    alt_in,
    check_languages,
)

NO_RUN = "no-run"


def read(text: str, given: FrontMatter | None = None) -> Written:
    """The post that ``text`` is, under the front matter that was ``given`` or its own.

    Raises UnreadablePost with one sentence.
    """
    if given is None:
        yaml, body = front_matter.split(text)
        front = front_matter.parse(yaml)
    else:
        front, body = given, front_matter.without(text)
    cells = _cells(body)
    check_languages(front, cells)
    return Written(front, "md", cells)


def with_front_matter(text: str, front: FrontMatter) -> str:
    """``text`` under ``front``, which takes the place of its own."""
    return f"{front_matter.block(front)}\n{front_matter.without(text)}"


def _cells(body: str) -> tuple[WrittenCell, ...]:
    lines = body.split("\n")
    cells: list[WrittenCell] = []
    at = 0
    for token in _parser().parse(body):
        if token.type == "fence" and token.level == 0 and token.map:
            begin, end = token.map
            cells += [*_prose(lines[at:begin]), _code(token)]
            at = end
    return (*cells, *_prose(lines[at:]))


def _prose(lines: list[str]) -> list[WrittenCell]:
    text = "\n".join(lines).strip()
    return [WrittenProse(text)] if text else []


def _code(fence: Token) -> WrittenCode:
    language, *options = fence.info.casefold().split() or ["text"]
    source = fence.content.rstrip("\n")
    runs = language in BY_NAME and NO_RUN not in options
    return WrittenCode(language, source, runs, alt_in(source))


@cache
def _parser() -> MarkdownIt:
    """Finds the fences; a text is made of their lines, so it is not parsed further."""
    return MarkdownIt("commonmark").disable("inline")
