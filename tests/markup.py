"""What a page must have, asked for in one expression."""

from bs4 import BeautifulSoup, Tag


def one(page: BeautifulSoup | Tag, selector: str) -> Tag:
    """The first element that a CSS selector names."""
    element = page.select_one(selector)
    assert element is not None, f"there is no {selector}"
    return element
