"""The table on a dataset's page, as somebody asks for it by its address."""

import logging

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.installation import Installation
from tests import factories

PAGE = "/datasets/penguins"
PART = "/datasets/penguins/v/1.0.0/penguins/rows"
MANY = "number,word\n" + "".join(f"{n},w{n % 7}\n" for n in range(1, 121))

pytestmark = pytest.mark.usefixtures("seeded")


def shown(client: FlaskClient, path: str) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def rows(soup: BeautifulSoup, selector: str = "#preview") -> list[list[str]]:
    found = soup.select(f"{selector} .rows tbody tr")
    return [[cell.get_text() for cell in row.find_all("td")] for row in found]


def state(soup: BeautifulSoup) -> str:
    (status,) = soup.select("#preview [role=status]")
    return " ".join(status.get_text().split())


def test_without_a_question_it_begins_at_the_beginning(client: FlaskClient) -> None:
    soup = shown(client, PAGE)
    assert rows(soup)[0] == ["Adelie", "39.1", "181", "2007"]
    assert state(soup) == "Rows 1–6 of 6"
    whole = soup.select_one(".below a[download]")
    assert whole is not None
    assert whole["href"] == "/datasets/penguins/v/1.0.0/penguins.csv"


def test_an_address_says_which_rows_and_in_which_order(client: FlaskClient) -> None:
    soup = shown(client, f"{PAGE}?flipper_mm__gte=190&year__lte=2008&_sort_desc=bill_mm")
    assert [row[1] for row in rows(soup)] == ["50.0", "46.1"]
    assert state(soup) == "Rows 1–2 of 2 (the table has 6)"
    assert [" ".join(a.get_text().split()) for a in soup.select(".chips a")] == [
        "flipper_mm is at least 190 ×, remove",
        "year is at most 2008 ×, remove",
        "Show all",
    ]
    (head,) = soup.select("th[aria-sort]")
    assert head["aria-sort"] == "descending"
    without = soup.select(".chips a")[0]["href"]
    assert without == f"{PAGE}?year__lte=2008&_sort_desc=bill_mm#preview"


def test_a_click_on_a_head_sorts_up_then_down_then_not(client: FlaskClient) -> None:
    path, seen = PAGE, []
    for _ in range(3):
        link = shown(client, path).select_one("#preview th a")
        assert link is not None
        path = str(link["href"]).partition("#")[0]
        seen.append(path)
    assert seen == [f"{PAGE}?_sort=species", f"{PAGE}?_sort_desc=species", PAGE]


def test_pages_lead_to_each_other(client: FlaskClient, seeded: Installation) -> None:
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "many", {"many": MANY})
    soup = shown(client, "/datasets/many?_page=2")
    assert state(soup) == "Rows 51–100 of 120"
    assert rows(soup)[0][0] == "51"
    links = {a.get_text(): a["href"] for a in soup.select(".pager a")}
    assert links == {
        "First": "/datasets/many#preview",
        "‹ Previous": "/datasets/many#preview",
        "Next ›": "/datasets/many?_page=3#preview",
        "Last": "/datasets/many?_page=3#preview",
    }
    assert state(shown(client, "/datasets/many?_page=77")) == "Rows 101–120 of 120"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("colour__exact=red", "The table has no column “colour”."),
        ("bill_mm__gte=long", "“long” is not a number."),
        ("_sort=colour", "The table has no column “colour”."),
        ("_page=0", "There is no page “0” of a table."),
        ("_page=x", "There is no page “x” of a table."),
        ("_page=99999999999999999999", "There is no page “99999999999999999999” of a table."),
        ("species__regex=x", "There is no filter “regex”."),
        ("_search=" + "x" * 300, "Look for at most 200 ordinary characters."),
    ],
)
@pytest.mark.parametrize("path", [PAGE, PART])
def test_what_makes_no_sense_is_said_above_the_whole_table(
    client: FlaskClient, path: str, query: str, said: str
) -> None:
    soup = shown(client, f"{path}?{query}")
    (problem,) = soup.select("[role=alert]")
    assert problem.get_text() == f"{said} These are all rows."
    assert len(soup.select(".rows tbody tr")) == 6


def test_what_was_typed_is_not_lost_by_a_mistake(client: FlaskClient) -> None:
    soup = shown(client, f"{PAGE}?_search=Ade&bill_mm__gte=long&species__exact=Adelie")
    values = {field["name"]: field.get("value") for field in soup.select("#preview input")}
    assert (values["_search"], values["bill_mm__gte"]) == ("Ade", "long")
    assert [o["value"] for o in soup.select("select option[selected]")] == ["Adelie"]


def test_nothing_found_is_said(client: FlaskClient) -> None:
    soup = shown(client, f"{PAGE}?_search=albatross")
    assert state(soup) == "No row is like that."
    assert soup.select(".below a[download]") == []


def test_what_was_typed_stays_in_the_form(client: FlaskClient) -> None:
    soup = shown(client, f'{PAGE}?_search="><b>&bill_mm__gte=1&species__exact=Adelie')
    assert soup.select("#preview b b") == []
    values = {field["name"]: field.get("value") for field in soup.select("#preview input")}
    assert values["_search"] == '"><b>'
    assert values["bill_mm__gte"] == "1"
    assert [o["value"] for o in soup.select("select option[selected]")] == ["Adelie"]


def test_empty_fields_of_the_form_leave_the_address(client: FlaskClient) -> None:
    response = client.get(f"{PAGE}?_search=&bill_mm__gte=40&bill_mm__lte=&species__exact=")
    assert response.status_code == 302
    assert response.headers["Location"] == f"{PAGE}?bill_mm__gte=40"


def test_each_column_has_the_filter_of_its_type(client: FlaskClient) -> None:
    soup = shown(client, PAGE)
    names = [field["name"] for field in soup.select(".filters [name]")]
    assert names == [
        *("species__exact", "bill_mm__gte", "bill_mm__lte", "bill_mm__isblank"),
        *("flipper_mm__gte", "flipper_mm__lte", "flipper_mm__isblank"),
        *("year__gte", "year__lte"),
    ]
    assert [o.get_text() for o in soup.select("select[name=species__exact] option")] == [
        *("any", "Adelie (3)", "Gentoo (2)", "Chinstrap (1)"),
    ]


def test_of_several_tables_the_named_one_answers(client: FlaskClient, seeded: Installation) -> None:
    tables = {"flow": "year,flow\n1871,1120\n1872,1160\n", "dams": "dam\nAswan\nSennar\n"}
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "nile", tables)
    soup = shown(client, "/datasets/nile?_table=dams&dam__contains=asw")
    assert len(rows(soup)) == 2
    assert rows(soup, "#preview-2") == [["Aswan"]]
    (hidden,) = soup.select("#preview-2 input[type=hidden]")
    assert (hidden["name"], hidden["value"]) == ("_table", "dams")
    link = soup.select_one("#preview-2 th a")
    assert link is not None
    assert str(link["href"]).startswith("/datasets/nile?_table=dams&dam__contains=asw&_sort=dam")


def test_an_older_version_is_asked_at_its_own_address(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.write() as session:
        factories.newer(session, seeded.storage, "penguins", "1.1.0", "species\nAdelie\n")
    soup = shown(client, f"{PAGE}/v/1.0.0/?_search=gentoo")
    assert len(rows(soup)) == 2
    link = soup.select_one("#preview th a")
    assert link is not None
    assert str(link["href"]).startswith("/datasets/penguins/v/1.0.0/?_search=gentoo&_sort=")


def test_a_part_is_the_table_alone(client: FlaskClient) -> None:
    response = client.get(f"{PART}?species__exact=Gentoo")
    assert response.headers["X-Robots-Tag"] == "noindex"
    soup = BeautifulSoup(response.text, "html.parser")
    assert soup.find("html") is None
    assert len(soup.select(".rows tbody tr")) == 2


def test_a_file_that_storage_lost_leaves_the_first_rows(
    client: FlaskClient, seeded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    for file in seeded.storage.root.rglob("*.parquet"):
        file.unlink()
    with caplog.at_level(logging.ERROR):
        soup = shown(client, f"{PAGE}?_sort=year")
    assert len(rows(soup)) == 6
    assert "cannot be searched just now" in soup.select("[role=alert]")[0].get_text()
    assert [vars(record)["event"] for record in caplog.records] == ["table.unread"] * len(
        caplog.records
    )


def test_where_a_script_runs_only_our_files_may(client: FlaskClient) -> None:
    policy = client.get(PAGE).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in client.get("/datasets/").headers["Content-Security-Policy"]
