"""The menu is made from the list of sections, which misses no module and shows who may look."""

import re
from importlib import import_module
from pkgutil import walk_packages

import pytest
from flask import Blueprint

from newsletter.web import admin
from newsletter.web.admin.sections import SECTIONS
from newsletter.web.sections import Section
from tests.web.admin.conftest import Browser

TITLES = [section.title for section in SECTIONS if section.title]


def _menu(page: str) -> list[str]:
    menu = page.partition('aria-label="Admin"')[2].partition("</nav>")[0]
    return re.findall(r">([^<]+)</a>", menu)


def test_each_module_with_pages_is_in_a_section() -> None:
    modules = [import_module(m.name) for m in walk_packages(admin.__path__, f"{admin.__name__}.")]
    names = {m.blueprint.name for m in modules if isinstance(vars(m).get("blueprint"), Blueprint)}
    listed = [blueprint.name for section in SECTIONS for blueprint in section.blueprints]
    assert sorted(listed) == sorted(names)


def test_an_owner_sees_every_section_and_a_curator_their_own(
    owner: Browser, curator: Browser, nobody: Browser
) -> None:
    assert _menu(owner.get("/admin/").text) == TITLES
    assert _menu(curator.get("/admin/").text) == [title for title in TITLES if title != "Curators"]
    assert _menu(nobody.get("/admin/login").text) == []


@pytest.mark.parametrize("section", [s for s in SECTIONS if s.title], ids=lambda s: s.title)
def test_the_menu_leads_to_each_and_shows_where_one_is(owner: Browser, section: Section) -> None:
    page = owner.get("/admin/").text
    address = re.search(rf'href="([^"]+)"[^>]*>{section.title}</a>', page)
    assert address is not None
    here = re.findall(r'aria-current="page">([^<]+)</a>', owner.get(address[1]).text)
    assert here == [section.title]
