"""What an editor is warned of before an issue goes out."""

from dataclasses import replace
from typing import Any

import pytest

from newsletter.issues.preflight import warnings
from newsletter.mailing.content import InlineImage
from newsletter.mailing.posts.post_content import Figure
from newsletter.mailing.render import HTML_BYTES, RenderedMail
from tests.mailing.sample import penguins_content
from tests.mailing.sample_post import WORDS, post_content

MAIL = RenderedMail("subject", "text", "<p>html</p>")


def test_it_has_nothing_to_say_of_a_careful_issue() -> None:
    assert warnings(penguins_content(), MAIL) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"subject": "A subject that goes on and on and on until no phone can show its end"}, "68"),
        ({"subject": "LOOK AT THIS"}, "all in capitals"),
        ({"subject": "Penguins", "preheader": "Penguins "}, "repeats the subject"),
        ({"postal_address": ""}, "no postal address"),
        ({"base_url": "http://news.example.org"}, "without https"),
        ({"questions": ()}, "asks no questions"),
    ],
)
def test_it_warns_of(changes: dict[str, Any], sentence: str) -> None:
    (warning,) = warnings(penguins_content(**changes), MAIL)
    assert sentence in warning


def test_it_names_the_columns_that_are_not_described() -> None:
    first, *others = penguins_content().columns
    columns = (replace(first, description=""), *others)
    (warning,) = warnings(penguins_content(columns=columns), MAIL)
    assert warning == f"These columns are not described: {first.name}."


def test_it_warns_before_the_mail_is_too_long_to_be_sent() -> None:
    nearly = replace(MAIL, html="x" * int(HTML_BYTES * 0.86))
    (warning,) = warnings(penguins_content(), nearly)
    assert "cannot be sent" in warning


def a_figure(alt: str) -> Figure:
    return Figure(InlineImage("figure-1.mail@post", b"", 560, 300, alt))


def test_it_has_nothing_to_say_of_a_careful_post() -> None:
    assert warnings(post_content(), MAIL) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ran": ""}, "`newsletter post run` does"),
        ({"corrected": "A digit was lost."}, "A digit was lost."),
        ({"blocks": ()}, "no words beside its code"),
        ({"folded": "The rest of it (2 more parts)"}, "no room for it"),
        ({"subject": "LOOK AT THIS"}, "all in capitals"),
        ({"blocks": (WORDS, a_figure("Figure 2 of Who is who"))}, "A figure has no words"),
        ({"blocks": (WORDS, a_figure(""), a_figure("Figure 1 of X"))}, "2 figures have no words"),
    ],
)
def test_it_warns_of_what_a_post_lacks(changes: dict[str, Any], sentence: str) -> None:
    (warning,) = warnings(post_content(**changes), MAIL)
    assert sentence in warning
