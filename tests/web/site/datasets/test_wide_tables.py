"""A table of very many columns is looked through from left to right, and no page of it is large."""

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.web.site.datasets.table_view import COLUMNS
from tests import factories

WIDE = 2000
BYTES = 300_000


@pytest.fixture
def wide(installation: Installation) -> Installation:
    names = ",".join(f"c{number}" for number in range(WIDE))
    rows = "\n".join(",".join(f"w{(row * at) % 97}" for at in range(WIDE)) for row in range(60))
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "wide", {"wide": f"{names}\n{rows}\n"})
    return installation


def shown(client: FlaskClient, path: str) -> BeautifulSoup:
    answer = client.get(path)
    assert answer.status_code == 200
    assert len(answer.data) < BYTES, path
    return BeautifulSoup(answer.text, "html.parser")


def headings(page: BeautifulSoup) -> list[str]:
    return [head.text.rstrip("↕↑↓") for head in page.select("table.rows th")]


def onward(page: BeautifulSoup) -> str:
    """The address of the next columns."""
    links = page.select('nav[aria-label^="Columns of"] a')
    return next(str(link["href"]) for link in links if "Next" in link.text)


def typed(page: BeautifulSoup) -> dict[str, str]:
    return {
        str(field["name"]): str(field["value"]) for field in page.select("form.ask input[value]")
    }


def test_all_columns_are_there_a_page_at_a_time(client: FlaskClient, wide: Installation) -> None:
    paths = ["/datasets/wide", *(f"/datasets/wide?_columns={n}" for n in (2, 50, 10**6, "x"))]
    first, second, last, beyond, nonsense = (shown(client, path) for path in paths)
    assert "60 rows × 2,000 columns" in first.text
    assert "Columns 1–40 of 2,000" in first.text
    for page, name in ((first, "c0"), (second, "c40"), (last, "c1960")):
        assert headings(page)[0] == name
        described = [code.text for code in page.select("table.columns th code")]
        assert described == headings(page)
        assert len(page.select("table.rows tbody tr")[0].select("td")) == COLUMNS
    assert headings(beyond) == headings(last)
    assert headings(nonsense) == headings(first)
    assert headings(shown(client, onward(first).partition("#")[0])) == headings(second)


def test_a_question_stays_from_one_page_of_columns_to_the_next(
    client: FlaskClient, wide: Installation
) -> None:
    asked = "c1__exact=w7&_sort_desc=c2&_columns=3"
    page = shown(client, f"/datasets/wide?{asked}")
    assert headings(page)[0] == "c80"
    assert len(page.select("table.rows tbody tr")) == 1
    assert typed(page).items() >= {"c1__exact": "w7", "_sort_desc": "c2", "_columns": "3"}.items()
    assert "c1__exact=w7" in onward(page)
    assert "_columns=4" in onward(page)
    assert headings(shown(client, f"/datasets/wide/v/1.0.0/wide/rows?{asked}")) == headings(page)


@pytest.mark.usefixtures("seeded")
def test_a_table_that_is_shown_whole_says_nothing_of_pages(client: FlaskClient) -> None:
    assert shown(client, "/datasets/penguins").select('nav[aria-label^="Columns of"]') == []
