"""Cleaned HTML as a mail needs it."""

from dataclasses import replace

from markupsafe import Markup

from newsletter.catalog import markdown
from newsletter.mailing.content import Prose
from newsletter.mailing.render import render_issue
from newsletter.mailing.styled import STYLES, spaced, styled
from tests.mailing.sample import penguins_content


def test_each_element_has_its_style_beside_it() -> None:
    html = styled(markdown.render("## One\n\nTwo `three`\n\n- four\n\n1. five"))
    for tag in ("h3", "p", "code", "ul", "ol"):
        assert f'<{tag} style="{STYLES[tag]}"' in html


def test_words_that_look_like_tags_stay_words() -> None:
    assert "<p style" not in styled(markdown.render("`<p>`")).partition("<code")[2]


def test_two_words_with_marks_do_not_run_together() -> None:
    """mrml leaves out what is blank between two tags."""
    html = spaced(markdown.render("**one** *two*"))
    mail = render_issue(replace(penguins_content(), why=Prose(html, "one two")))
    assert "<strong>one</strong>&#32;<em>two</em>" in mail.html


def test_what_is_not_blank_is_left_as_it_is() -> None:
    assert spaced(Markup("<b>a</b> and <i>b</i>")) == "<b>a</b> and <i>b</i>"
