"""Odd cells: long ones, addresses, ids of 19 digits, other scripts. As a page shows them."""

import json
from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.web.site.datasets.cells import LONG, ShownCell, shown_cells
from tests import factories

ID = "1234567890123456789"
ESSAY = " ".join(["One word after another."] * 40)
ODD = f"""\
id,link,essay,עיר
{ID},https://example.org/a?b=1&c=2,{ESSAY},חיפה
{int(ID) + 1},https://example.org/photo.JPG,"two
lines",Berlin
{int(ID) + 2},javascript:alert(1),short,東京
{int(ID) + 3},https://user:secret@example.org/,,
"""


def whole(row: int, column: int) -> str:
    return f"/cell/{row}/{column}"


def one(text: str | None) -> ShownCell:
    return shown_cells([[text]], whole)[0][0]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:image/png;base64,AAAA",
        "ftp://example.org/a.csv",
        "see https://example.org",
        "https://",
        "https:///path",
        "https://user:secret@example.org/",
        "https://[::1",
        'https://example.org/"onmouseover=',
    ],
)
def test_only_an_address_of_the_web_is_a_link(text: str) -> None:
    assert one(text) == ShownCell(text)


def test_an_address_is_a_link_and_a_picture_is_one_that_is_marked() -> None:
    assert one("https://example.org/a?b=1").link == "https://example.org/a?b=1"
    assert not one("https://example.org/a?b=1.png").is_picture
    assert one("HTTP://example.org/Photo.JPEG?size=9").is_picture


def test_a_long_cell_is_cut_with_a_way_to_the_rest() -> None:
    assert one("x" * LONG) == ShownCell("x" * LONG)
    cut = one("x" * (LONG + 1))
    assert (cut.text, cut.more) == ("x" * (LONG - 1) + "…", "/cell/0/0")
    assert one(None) == ShownCell(None)


def test_many_long_cells_leave_the_page_small() -> None:
    rows = [["word " * 200] * 40] * 50
    shown = shown_cells(rows, whole)
    assert sum(len(cell.text or "") for row in shown for cell in row) < 100_000
    assert shown[49][39].more == "/cell/49/39"


@pytest.fixture
def odd(installation: Installation) -> Installation:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, "odd", {"odd": ODD})
    return installation


@pytest.mark.usefixtures("odd")
def test_a_page_shows_each_as_it_is(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get("/datasets/odd").text, "html.parser")
    rows = [row.select("td") for row in page.select("table.rows tbody tr")]
    assert [row[0].text for row in rows] == [str(int(ID) + at) for at in range(4)]
    links = page.select("table.rows td a:not(.more)")
    assert [link["href"] for link in links] == [
        "https://example.org/a?b=1&c=2",
        "https://example.org/photo.JPG",
    ]
    assert all({"noopener", "nofollow"} <= set(link["rel"]) for link in links)
    assert page.select("table.rows img") == []
    assert rows[0][3]["dir"] == "rtl"
    assert "dir" not in rows[2][3].attrs
    assert page.select("table.rows th bdi")[3].text == "עיר"
    more = page.select_one("table.rows a.more")
    assert more is not None
    answer = client.get(str(more["href"]))
    assert (answer.mimetype, answer.text) == ("text/plain", ESSAY)


@pytest.mark.usefixtures("odd")
def test_a_cell_alone_is_that_of_the_question(client: FlaskClient) -> None:
    place = "/datasets/odd/v/1.0.0/odd/cell"
    cell = {"_sort_desc": "id", "_row": 2, "_column": 2}
    assert client.get(f"{place}?{urlencode(cell)}").text == "javascript:alert(1)"
    for wrong in ({"_row": 5}, {"_column": 5}, {"_row": 0}, {"_row": "x"}):
        assert client.get(f"{place}?{urlencode(wrong)}").status_code in {404, 422}


@pytest.mark.usefixtures("odd")
def test_a_filter_by_an_id_of_19_digits_finds_that_row_alone(client: FlaskClient) -> None:
    page = BeautifulSoup(client.get(f"/datasets/odd?id__exact={ID}").text, "html.parser")
    assert [row.td.text for row in page.select("table.rows tbody tr") if row.td] == [ID]
    field = page.select_one('input[name="id__gte"]')
    assert field is not None
    assert field["placeholder"] == ID
    described = json.loads(client.get("/datasets/odd/datapackage.json").text)
    fields = described["resources"][0]["schema"]["fields"]
    assert [field["name"] for field in fields] == ["id", "link", "essay", "עיר"]
