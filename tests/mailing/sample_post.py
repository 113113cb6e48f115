"""The mailing of a post, to test with."""

from dataclasses import replace
from datetime import date
from typing import Any

from markupsafe import Markup

from newsletter.mailing.content import Link, Prose
from newsletter.mailing.posts.post_content import PostContent, Words
from tests.mailing.sample import BASE_URL, DATA

WORDS = Words(Prose(Markup("<p>Two are enough.</p>"), "Two are enough."))


def post_content(**changes: Any) -> PostContent:
    """The mailing of Tuesday 24 November 2026, with ``changes`` to its fields."""
    page = f"{BASE_URL}/posts/penguins-who"
    content = PostContent(
        date=date(2026, 11, 24),
        list_title="Dataset Daily",
        base_url=BASE_URL,
        from_address="Dataset Daily <hello@news.example.org>",
        postal_address="1 Data Street, 10001 New York",
        subject="Who is who among the penguins",
        preheader="Which two measurements tell the species apart?",
        title="Who is who among the penguins",
        question="Which two measurements tell the species apart?",
        language="Python",
        words=None,
        blocks=(WORDS,),
        folded="",
        author="Ada Example",
        author_url=None,
        credit="",
        license="MIT",
        ran="Ran on 23 November 2026 with Python 3.12.3, pandas 2.3.3.",
        corrected="",
        dataset=Link("Palmer penguins", f"{BASE_URL}/datasets/penguins/v/1.0.0/"),
        version="1.0.0",
        tables=(Link("penguins", f"{DATA}.csv"),),
        downloads=(Link("Notebook", f"{page}.ipynb"), Link("Script", f"{page}.py")),
        page_url=page,
    )
    return replace(content, **changes)
