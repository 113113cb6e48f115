"""The menu and the foot of the site are made from its lists, which miss no module."""

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest
from flask import Blueprint
from flask.testing import FlaskClient

from newsletter.web import feeds, site
from newsletter.web.feeds import FEEDS
from newsletter.web.site.sections import FOOT, SECTIONS


def _links(html: str, after: str, until: str) -> dict[str, str]:
    part = html.partition(after)[2].partition(until)[0]
    return {title: link for link, title in re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', part)}


@pytest.mark.parametrize(
    ("package", "listed"),
    [
        (site, [b for section in SECTIONS for b in section.blueprints]),
        (feeds, list(feeds.BLUEPRINTS)),
    ],
    ids=["site", "feeds"],
)
def test_each_module_with_pages_is_listed(package: object, listed: list[Blueprint]) -> None:
    path, name = vars(package)["__path__"], vars(package)["__name__"]
    modules = [import_module(found.name) for found in walk_packages(path, f"{name}.")]
    names = {m.blueprint.name for m in modules if isinstance(vars(m).get("blueprint"), Blueprint)}
    assert sorted(blueprint.name for blueprint in listed) == sorted(names)


def test_the_menu_and_the_foot_lead_somewhere(client: FlaskClient) -> None:
    page = client.get("/").text
    menu = _links(page, 'aria-label="Site"', "</nav>")
    assert list(menu) == [section.title for section in SECTIONS if section.title]
    foot = _links(page, '<footer class="colophon">', "</footer>")
    assert list(foot) == [title for title, _ in FOOT]
    for address in (*menu.values(), *foot.values()):
        assert client.get(address).status_code == 200
    types = re.findall(r'<link rel="alternate" type="([^"]+)"', page)
    assert types == [feed.media_type for feed in FEEDS if feed.media_type]


def test_a_page_shows_which_section_it_is_in(client: FlaskClient) -> None:
    for address, title in (
        ("/datasets/", "Datasets"),
        ("/posts/", "Posts"),
        ("/issues/", "Archive"),
    ):
        here = re.findall(r'aria-current="page">([^<]+)</a>', client.get(address).text)
        assert here[:1] == [title]
