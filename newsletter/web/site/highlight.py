"""Code, coloured by classes that site.css knows; and the code that loads a table."""

from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import TextLexer, get_lexer_by_name
from pygments.util import ClassNotFound

from newsletter.catalog.describe.loaders import loaders
from newsletter.models.dataset import Table
from newsletter.web.context import installation


@dataclass(frozen=True, slots=True)
class HighlightedLoader:
    label: str
    html: Markup


def highlighted(slug: str, number: str, table: Table) -> list[HighlightedLoader]:
    """Each way to load a table, as shown on its page."""
    base_url = installation().settings.base_url
    types = [column["type"] for column in table.columns]
    return [
        HighlightedLoader(loader.label, coloured(loader.code, loader.highlight))
        for loader in loaders(base_url, slug, number, table.name, types)
    ]


@lru_cache(maxsize=1024)  # pages show the same few again and again
def coloured(code: str, language: str) -> Markup:
    """``code`` with a class for each kind of word; plain where the language is not known."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = TextLexer()
    return Markup(highlight(code, lexer, HtmlFormatter(nowrap=True)).rstrip())  # noqa: S704
