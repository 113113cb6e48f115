"""The columns of a wide table are looked at and described a page at a time, and none is lost."""

import pytest
from bs4 import BeautifulSoup

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.web.admin.datasets.dataset_words import COLUMNS
from tests import factories
from tests.web.admin.conftest import Browser

WIDE = 1_000
BYTES = 300_000
PAGE, EDIT = "/admin/datasets/wide/", "/admin/datasets/wide/edit"


@pytest.fixture
def wide(installation: Installation) -> Installation:
    names = ",".join(f"c{at}" for at in range(WIDE))
    rows = "\n".join(",".join(str(row * at % 97) for at in range(WIDE)) for row in range(12))
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "wide", {"wide": f"{names}\n{rows}\n"})
    return installation


def shown(browser: Browser, path: str) -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert len(answer.data) < BYTES, path
    return BeautifulSoup(answer.text, "html.parser")


def named(page: BeautifulSoup) -> list[str]:
    return [code.text for code in page.select("tbody th code")]


def fields(page: BeautifulSoup) -> dict[str, str]:
    """What the form sends as it stands."""
    form = page.select_one("form.long")
    assert form is not None
    typed = {str(f["name"]): str(f.get("value", "")) for f in form.select("input[name]")
             if f.get("type") not in {"checkbox", "file"}}  # fmt: skip
    typed |= {str(f["name"]): f.text.lstrip("\r\n") for f in form.select("textarea[name]")}
    for select in form.select("select[name]"):
        chosen = select.select_one("option[selected]")
        typed[str(select["name"])] = str(chosen["value"]) if chosen else ""
    return typed


@pytest.mark.usefixtures("wide")
def test_each_column_is_on_a_page(owner: Browser) -> None:
    first, last = shown(owner, PAGE), shown(owner, f"{PAGE}?columns=25")
    assert (named(first)[0], named(last)[-1]) == ("c0", "c999")
    further = first.find("a", string="Further columns")
    assert further is not None
    assert named(shown(owner, str(further["href"]).partition("#")[0]))[0] == "c40"
    assert named(shown(owner, f"{EDIT}?columns=10"))[-1] == "c999"


def test_what_the_form_does_not_show_stays_as_it_is(owner: Browser, wide: Installation) -> None:
    for number in (1, 2):
        page = shown(owner, f"{EDIT}?columns={number}")
        assert len(named(page)) == COLUMNS
        typed = fields(page) | {"tables-0-columns-3-description": f"Said on page {number}."}
        answer = owner.send(f"{EDIT}?columns={number}", **typed)
        assert answer.status_code == 302, answer.text
    with wide.db.read() as session:
        columns = datasets.newest(session, "wide").tables[0].columns
    assert [column["name"] for column in columns] == [f"c{at}" for at in range(WIDE)]
    described = {
        c["name"]: c["description"] for c in columns if c["description"].startswith("Said")
    }
    assert described == {"c3": "Said on page 1.", "c103": "Said on page 2."}
