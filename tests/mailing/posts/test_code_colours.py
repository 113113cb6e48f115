"""Code in a mail: coloured inline, and the same text."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.mailing.posts.code_colours import COLOURS, KEYWORD, TEXT, coloured
from newsletter.mailing.render import render_issue
from tests.mailing.sample import penguins_content
from tests.mailing.test_render import contrast

SUNK, SUNK_AT_NIGHT = (0xF6, 0xF7, 0xF5), (0x10, 0x16, 0x1D)
PYTHON = (
    'def species(bird):\n    if bird.flipper > 206:\n        return "Gentoo"\n    return None\n'
)


def words_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


@pytest.mark.parametrize(
    ("language", "code"),
    [("python", PYTHON), ("sql", "SELECT a FROM 'x.csv' -- no\n"), ("r", 'x <- "a" # no\n')],
)
def test_the_text_stays_and_its_words_have_colours(language: str, code: str) -> None:
    html = coloured(code, language)
    assert words_of(html) == code
    assert html.count("<span") > 1
    assert "class=" not in html


@given(st.text(alphabet="ab \n\t'\"<>&#(){}[]%1", max_size=60))
def test_no_text_is_lost_or_becomes_markup(code: str) -> None:
    html = coloured(code, "python")
    assert words_of(html) == code
    assert set(re.findall(r"<[^>]*>", html)) <= {
        "</span>",
        *(f'<span style="color:{colour}">' for colour in COLOURS.values()),
    }


def test_a_language_that_nobody_knows_is_shown_plainly() -> None:
    assert coloured("a < b", "klingon") == "a &lt; b"


def test_what_is_blank_between_two_words_is_a_reference() -> None:
    html = coloured(PYTHON, "python")
    assert f'<span style="color:{TEXT}">&#34;Gentoo&#34;</span>&#10;&#32;&#32;&#32;&#32;' in html
    assert f'<span style="color:{KEYWORD}">return</span>' in html


def test_each_colour_is_readable_on_its_ground_and_so_is_its_twin_in_the_dark() -> None:
    style = render_issue(penguins_content()).html
    dark = dict(re.findall(r'\[style\*="color:(#\w{6})"\] \{ color: (#\w{6})', style))
    for colour in set(COLOURS.values()):
        assert contrast(_rgb(colour), list(SUNK)) >= 4.5
        assert contrast(_rgb(dark[colour]), list(SUNK_AT_NIGHT)) >= 4.5


def _rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
