"""What curators write, CommonMark with tables, as safe HTML and as plain text.

HTML inside the Markdown is shown as text, and what comes out is cleaned once
more (nh3), so no text of a curator or of a dataset folder can carry markup
that the page did not choose: no scripts, styles, pictures, frames or forms. A
picture becomes a link to it: shown, it would tell its server who reads.

What is too long, or has more marks in it than a person writes, is shown as it was
typed: some steps take a call for each level, and a table may grow far beyond its text.
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from io import StringIO
from itertools import groupby

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol",
    "p", "pre", "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
PICTURE = "a picture"  # of which nobody said what it shows
CHARACTERS_AT_MOST = 100_000
TOKENS_A_CHARACTER = 3  # the densest that is written out: a table fills up its short rows
LEVELS_AT_MOST = 50  # of marks within marks


class _BeyondLimit(Exception):
    """The text has too many tokens, or too many levels of them."""


def render(text: str) -> Markup:
    """``text`` as HTML fit for any page; its headings begin at h2."""
    tokens = _parsed(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return clean(_parser().renderer.render(tokens, _parser().options, {}))


def plain(text: str) -> str:
    """``text`` without its marks: paragraphs with a blank line between them, each item of
    a list on a line of its own, and an address after the words that link to it."""
    return _plain(SyntaxTreeNode(_parsed(text))).strip()


def beginning(text: str, characters: int) -> str:
    """As many whole blocks of ``text`` as ``characters`` have room for."""
    if len(text) <= characters:
        return text
    lines = _lines(text)
    ends = (token.map[1] for token in _parsed(text) if token.level == 0 and token.map)
    kept = ("".join(lines[:end]) for end in ends)
    return max((part for part in kept if len(part) <= characters), key=len, default="")


def clean(html: str) -> Markup:
    """``html`` with the tags that Markdown is set in, and no others: the one rule for all that
    readers are shown of curators and authors, on a page and in a mail."""
    return Markup(  # noqa: S704 - it was just cleaned
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes=SCHEMES,
            link_rel="noopener nofollow",
        )
    )


def _parsed(text: str) -> list[Token]:
    """The tokens of ``text``; beyond a limit, of its paragraphs without any mark."""
    if len(text) <= CHARACTERS_AT_MOST:
        with suppress(_BeyondLimit):
            return _parser().parse(text)
    return list(_as_typed(_lines(text)))


def _lines(text: str) -> list[str]:
    """``text`` in the lines that its tokens count."""
    return StringIO(text, newline=None).readlines()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.after("block", "tokens", _limit_tokens)
    parser.core.ruler.push("levels", _limit_levels)
    parser.core.ruler.push("pictures", _link_to_pictures)
    return parser


def _limit_tokens(state: StateCore) -> None:
    if len(state.tokens) > TOKENS_A_CHARACTER * (len(state.src) + 1):
        raise _BeyondLimit


def _limit_levels(state: StateCore) -> None:
    for block in state.tokens:
        if any(token.level > LEVELS_AT_MOST for token in block.children or ()):
            raise _BeyondLimit


def _as_typed(lines: list[str]) -> Iterator[Token]:
    """Paragraphs of ``lines``, each ended where it was."""
    for is_blank, numbered in groupby(enumerate(lines), key=lambda line: not line[1].strip()):
        if is_blank:
            continue
        paragraph = list(numbered)
        first, last = paragraph[0][0], paragraph[-1][0]
        words: list[Token] = []
        for _, line in paragraph:
            words += [Token("text", "", 0, content=line.strip()), Token("hardbreak", "br", 0)]
        yield Token("paragraph_open", "p", 1, map=[first, last + 1], block=True)
        yield Token("inline", "", 0, level=1, children=words[:-1])
        yield Token("paragraph_close", "p", -1, block=True)


def _link_to_pictures(state: StateCore) -> None:
    """A link in place of each picture; its words alone where it stands in a link already, or
    is only in the author's file or folder."""
    for block in state.tokens:
        links, children = 0, []
        for token in block.children or ():
            links += token.nesting if token.type.startswith("link_") else 0
            if token.type != "image":
                children.append(token)
                continue
            address = str(token.attrs.get("src", ""))
            words = Token("text", "", 0, content=token.content or PICTURE)
            if links or not address.startswith(("http://", "https://")):
                children.append(words)
            else:
                begin = Token("link_open", "a", 1, attrs={"href": address})
                children += [begin, words, Token("link_close", "a", -1)]
        if block.children is not None:
            block.children = children


def _plain(node: SyntaxTreeNode) -> str:
    match node.type:
        case "text" | "code_inline" | "fence" | "code_block":
            return node.content.rstrip("\n")
        case "softbreak":
            return " "
        case "hardbreak":
            return "\n"
        case "hr":
            return "---"
        case "link":
            words, address = _joined(node, ""), str(node.attrs.get("href", ""))
            return words if address.removeprefix("mailto:") == words else f"{words} ({address})"
        case "bullet_list":
            return "\n".join(f"- {_item(item)}" for item in node.children)
        case "ordered_list":
            first = int(node.attrs.get("start", 1))
            return "\n".join(f"{at}. {_item(item)}" for at, item in enumerate(node.children, first))
        case "table" | "thead" | "tbody":
            return _joined(node, "\n")
        case "tr":
            return _joined(node, " | ")
        case "root" | "blockquote":
            return _joined(node, "\n\n")
        case _:
            return _joined(node, "")


def _item(node: SyntaxTreeNode) -> str:
    """An item's own words, and the lists in it on lines of their own."""
    return _joined(node, "\n").replace("\n", "\n  ")


def _joined(node: SyntaxTreeNode, between: str) -> str:
    return between.join(_plain(child) for child in node.children)
