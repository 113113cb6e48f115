"""Code with its words coloured inline, as a mail needs it: no classes, and text otherwise.

Each colour can be read on a light and on a sunk ground; layout.mjml has its twin for the dark.
"""

from itertools import groupby

from markupsafe import Markup, escape
from pygments.lexers import get_lexer_by_name
from pygments.token import Token, _TokenType
from pygments.util import ClassNotFound

from newsletter.mailing.styled import spaced

KEYWORD, TEXT, REMARK, VALUE, NAME = "#a8323f", "#2f6b3c", "#5c6773", "#6d4aa8", "#1f6f8b"
COLOURS: dict[_TokenType, str] = {
    Token.Comment: REMARK,
    Token.Keyword: KEYWORD,
    Token.Operator.Word: KEYWORD,
    Token.Literal.String: TEXT,
    Token.Literal.Number: VALUE,
    Token.Keyword.Constant: VALUE,
    Token.Name.Builtin: NAME,
    Token.Name.Function: NAME,
    Token.Name.Class: NAME,
    Token.Name.Decorator: NAME,
}


def coloured(code: str, language: str) -> Markup:
    """``code`` as HTML; without colours where the language is not known to Pygments."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    words = ((_colour(kind), text) for kind, text in lexer.get_tokens(code))
    html = Markup()
    for colour, run in groupby(words, key=lambda word: word[0]):
        text = escape("".join(text for _, text in run))
        html += Markup('<span style="color:{}">{}</span>').format(colour, text) if colour else text
    return spaced(html)


def _colour(kind: _TokenType) -> str | None:
    """The colour of the nearest kind that has one."""
    for near in reversed(kind.split()):
        if near in COLOURS:
            return COLOURS[near]
    return None
