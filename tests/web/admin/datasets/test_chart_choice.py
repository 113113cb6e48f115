"""Choosing a proposed chart by its button, as a browser without JavaScript does."""

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup

from newsletter.catalog import datasets
from newsletter.charts.png import size
from newsletter.installation import Installation
from tests import factories
from tests.web.admin.conftest import Browser

PAGE = "/admin/datasets/seals/"
CHART = "/admin/datasets/seals/chart"
ROWS = "\n".join(
    f"{'North' if n % 3 else 'South'},{n % 17 + 0.5},{n * 7 % 23 + 0.5}" for n in range(30)
)


@pytest.fixture
def seals(installation: Installation, curator: Browser) -> Browser:
    """A curator, and a dataset of which three charts are proposed."""
    text = f"bank,size,weight\n{ROWS}\n"
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "seals", {"seals": text})
    return curator


def shown(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def chart_of(installation: Installation) -> Any:
    with installation.db.read() as session:
        return datasets.newest(session, "seals").chart


def drawn(installation: Installation) -> Any:
    with installation.db.read() as session:
        return datasets.newest(session, "seals").chart_drawn


def test_each_proposal_has_a_picture_a_reason_and_a_button(seals: Browser) -> None:
    page = shown(seals.get(PAGE).text)

    proposals = page.select(".proposals > li")
    assert len(proposals) == 3
    assert [button.text for button in page.select(".proposals button")] == ["Take this chart"] * 3
    for proposal in proposals:
        (image,) = proposal.select("img")
        assert image["alt"] == proposal.select("p")[0].text
        assert size(seals.get(str(image["src"])).data)[0] == 420


def test_a_click_takes_the_chart_and_another_takes_it_off(
    installation: Installation, seals: Browser
) -> None:
    assert seals.post(CHART, PAGE, choice="2", table="seals").status_code == 302
    seals.work()
    taken = drawn(installation)
    assert taken["mark"]["type"] == "tick"
    assert taken["usermeta"] == {"table": "seals"}
    page = shown(seals.get(PAGE).text)
    (image,) = page.select("figure.chart img")
    assert seals.get(str(image["src"])).mimetype == "image/png"
    assert [bool(item.select("form")) for item in page.select(".proposals > li")] == [
        True, False, True
    ]  # fmt: skip

    seals.post(CHART, PAGE, choice="none")
    seals.work()
    assert chart_of(installation) == {}
    assert "It has no chart." in seals.get(PAGE).text

    seals.post(CHART, PAGE, choice="automatic")
    seals.work()
    assert chart_of(installation) is None
    assert drawn(installation)["mark"]["type"] == "circle"


@pytest.mark.parametrize("choice", ["", "x", "²", "-1"])
def test_what_is_no_choice_is_refused(
    installation: Installation, seals: Browser, choice: str
) -> None:
    before = chart_of(installation)

    seals.post(CHART, PAGE, choice=choice, table="seals")

    assert "Choose a chart by its button." in seals.get(PAGE).text
    assert chart_of(installation) == before


@pytest.mark.parametrize(("choice", "table"), [("4", "seals"), ("0", "seals"), ("1", "whales")])
def test_a_chart_that_is_not_proposed_is_not_there(seals: Browser, choice: str, table: str) -> None:
    assert seals.post(CHART, PAGE, choice=choice, table=table).status_code == 404
    address = f"/admin/datasets/seals/proposed/{table}/{choice}.png"
    assert seals.get(address).status_code == 404


def test_alerts_are_few_and_the_rest_is_behind_more(
    installation: Installation, curator: Browser
) -> None:
    """Thirty columns without a value, and fifteen in pairs with alerts of their own."""
    names = [f"empty{at}" for at in range(30)] + [f"tail{at}" for at in range(3)]
    rows = [",".join([""] * 30 + ["1"] * 3)] * 19 + [",".join([""] * 30 + ["99999"] * 3)]
    text = "\n".join([",".join(names), *rows])
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "wide", {"wide": text})

    page = shown(curator.get("/admin/datasets/wide/").text)

    lines = [" ".join(line.text.split()) for line in page.select(".alerts > ul > li")]
    assert "empty0, empty1, empty2, empty3, empty4 and 25 more Every value is missing." in lines
    assert len(lines) <= 12
    assert re.search(r"tail0 .*skewness", " ".join(lines))
