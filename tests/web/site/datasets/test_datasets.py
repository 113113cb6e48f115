"""The catalog and the pages of datasets."""

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from tests import factories


@pytest.fixture
def catalog(seeded: Installation) -> Installation:
    """The penguins, a river, and a draft."""
    with seeded.db.write() as session:
        factories.dataset(
            session,
            seeded.storage,
            "nile",
            {"flow": "year,flow\n1871,1120\n1872,1160\n", "dams": "dam,year\nAswan,1902\n"},
            title="The year the Nile changed",
            keywords=["rivers"],
            description="A hundred years at Aswan.",
        )
        factories.dataset(
            session, seeded.storage, "draft", state=VersionState.DRAFT, title="Half-written"
        )
    return seeded


@pytest.mark.usefixtures("catalog")
def test_the_catalog_shows_what_is_published(client: FlaskClient) -> None:
    text = client.get("/datasets/").text
    assert "The year the Nile changed" in text
    assert "2 tables, 3 rows" in text
    assert "6 rows × 4 columns · CC0-1.0" in text
    assert "Half-written" not in text


def test_a_dataset_without_a_licence_says_nothing_of_one(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage, license=None)
    for path in ("/datasets/", "/datasets/penguins"):
        text = client.get(path).text
        assert "· None" not in text
        assert "spdx.org" not in text


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=nile", ["The year the Nile changed"]),
        ("q=bill_mm", ["The penguins of the archipelago"]),
        ("keyword=rivers", ["The year the Nile changed"]),
        ("q=nile&keyword=birds", []),
        ("q=%25", []),
        ("q=' OR 1=1 --", []),
    ],
)
def test_search_and_keyword_narrow_it(client: FlaskClient, query: str, titles: list[str]) -> None:
    text = client.get(f"/datasets/?{query}").text
    everything = ["The penguins of the archipelago", "The year the Nile changed"]
    assert [title for title in everything if f">{title}</a>" in text] == titles
    assert f"{len(titles)} of 2 datasets" in text


@pytest.mark.usefixtures("catalog")
def test_a_column_that_was_looked_for_is_the_reason_shown(client: FlaskClient) -> None:
    text = client.get("/datasets/?q=which+datasets+have+a+flipper_mm%3F").text
    assert "1 of 2 datasets" in text
    assert "<li><code>flipper_mm</code> integer, mm</li>" in text
    assert "<code>dam</code> string <span>in dams</span>" in client.get("/datasets/?q=dam").text


@pytest.mark.usefixtures("catalog")
def test_a_dataset_can_be_opened_elsewhere_and_cited(client: FlaskClient) -> None:
    text = client.get("/datasets/penguins").text
    assert "https://lite.datasette.io/?csv=https%3A%2F%2Fnews.example.org%2Fdatasets" in text
    assert "https://shell.duckdb.org/#queries=v0," in text
    assert "@misc{the-penguins-of-the-2026," in text


def test_what_was_searched_for_is_shown_as_text(client: FlaskClient) -> None:
    text = client.get('/datasets/?q="><script>alert(1)</script>&keyword=<b>').text
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert "&#34;&gt;&lt;script&gt;" in text


@pytest.mark.usefixtures("catalog")
def test_a_dataset_says_all_that_is_known(client: FlaskClient) -> None:
    text = client.get("/datasets/penguins").text
    for said in (
        "The penguins of the archipelago",
        "<strong>depth</strong>",
        'href="https://spdx.org/licenses/CC0-1.0.html"',
        "2007 to 2009",
        "The bill_mm of it.",
        "39.1",
        "Which two measurements tell the species apart?",
        "One bird has no measurements at all.",
        "Horst AM (2020). palmerpenguins.",
        "First release.",
        "The issue of Monday 23 November 2026",
        'href="/datasets/?keyword=birds"',
        'href="/datasets/penguins/v/1.0.0/penguins.parquet"',
        "https://news.example.org/datasets/penguins/v/1.0.0/penguins.csv",
        "Allison Horst",
    ):
        assert said in text, said


@pytest.mark.usefixtures("catalog")
def test_a_missing_cell_is_not_an_empty_one(client: FlaskClient) -> None:
    assert '<span class="missing" title="missing">–</span>' in client.get("/datasets/penguins").text


@pytest.mark.usefixtures("catalog")
def test_each_column_has_its_bars(client: FlaskClient) -> None:
    text = client.get("/datasets/penguins").text
    assert text.count('<svg class="bars"') == 4
    assert 'aria-label="Distribution of bill_mm: 39.1–50 mm, mean 44.2, 17\u00a0% missing"' in text
    assert "<title>Adelie: 3</title>" in text


@pytest.mark.usefixtures("catalog")
def test_each_table_of_a_dataset_is_shown(client: FlaskClient) -> None:
    text = client.get("/datasets/nile").text
    assert "/datasets/nile/v/1.0.0/flow.csv" in text
    assert "/datasets/nile/v/1.0.0/dams.csv" in text
    assert "Aswan" in text


@pytest.mark.usefixtures("catalog")
@pytest.mark.parametrize("slug", ["draft", "nothing", "Penguins", "penguins'--", "%2e%2e"])
def test_what_is_not_published_is_not_there(client: FlaskClient, slug: str) -> None:
    assert client.get(f"/datasets/{slug}").status_code == 404


@pytest.mark.usefixtures("catalog")
def test_a_dataset_without_a_chart_has_a_page(client: FlaskClient, catalog: Installation) -> None:
    with catalog.db.write() as session:
        factories.dataset(session, catalog.storage, "plain", chart_png=None, chart_svg=None)
    text = client.get("/datasets/plain").text
    assert "<figure" not in text
    assert client.get("/datasets/plain/chart.png").status_code == 404


@pytest.mark.usefixtures("catalog")
def test_a_dataset_says_what_it_is_to_search_engines(client: FlaskClient) -> None:
    text = client.get("/datasets/penguins").text
    start = text.index('<script type="application/ld+json">') + 35
    found = json.loads(text[start : text.index("</script>", start)])
    assert found["@type"] == "Dataset"
    assert found["distribution"][0]["contentUrl"].startswith("https://news.example.org/datasets/")


def test_an_older_version_keeps_its_page(client: FlaskClient, seeded: Installation) -> None:
    with seeded.db.write() as session:
        factories.newer(session, seeded.storage, "penguins", "1.1.0", "species\nAdelie\n")
    assert "1 row × 1 column" in client.get("/datasets/penguins").text
    older = client.get("/datasets/penguins/v/1.0.0/").text
    assert "6 rows × 4 columns" in older
    assert 'The newest is <a href="/datasets/penguins">1.1.0</a>' in older
    assert client.get("/datasets/penguins/v/1.0.0/penguins.csv").data.startswith(b"species,bill")
    assert client.get("/datasets/penguins/v/1.1.0/penguins.csv").data == b"species\nAdelie\n"
    assert client.get("/datasets/penguins/v/2.0.0/").status_code == 404


@pytest.fixture
def chartless(installation: Installation) -> Installation:
    """Datasets without a chart, the first of them in an issue that was sent."""
    nothing: dict[str, Any] = {
        "chart_png": None,
        "chart_svg": None,
        "chart_alt": "",
        "chart_drawn": {},
    }
    with installation.db.write() as session:
        for slug in ("penguins", "nile", "volga"):
            files = {"flow": "year,flow\n1871,1120\n1872,1160\n"}
            factories.dataset(session, installation.storage, slug, files, **nothing)
    return installation


@pytest.mark.usefixtures("chartless")
@pytest.mark.parametrize("path", ["/", "/datasets/", "/datasets/nile"])
def test_first_rows_stand_where_there_is_no_chart(client: FlaskClient, path: str) -> None:
    text = client.get(path).text

    assert re.search(r"<td[^>]*>1,?160</td>", text)
    assert "chart.png" not in text
