"""Row "stored XSS": cells, headers, texts and charts that carry markup stay text."""

import re

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from tests import factories

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>",
    "<!--<script>-->",
]
LIVE = ["<script>alert", "<img src=x", "<svg/onload", "<a href=javascript", "<!--<script"]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


@pytest.fixture(params=PAYLOADS)
def attacked(request: pytest.FixtureRequest, installation: Installation) -> Installation:
    """One payload in a header, a cell, a category and every text of a dataset."""
    text = str(request.param)
    cell = text.replace('"', '""')
    with installation.db.write() as session:
        version = factories.dataset(
            session,
            installation.storage,
            "attacked",
            {"attacked": f'"{cell}",kind\n"{cell}","{cell}"\n"{cell}","{cell}"\n'},
            title=text,
            summary=text,
            description=text,
            citation=text,
            spatial=text,
            chart_alt=text,
            keywords=[text],
            questions=[text],
            caveats=[text],
            credit={"hat_tip": text},
            sources=[{"title": text, "url": "https://example.org/", "publisher": text}],
            changelog=[{"version": "1.0.0", "date": "2026-11-23", "note": text}],
        )
        version.tables[0].columns = [
            column | {"description": text, "unit": text, "categories": [text]}
            for column in version.tables[0].columns
        ]
        factories.issue(session, version, subject=text, preheader=text, intro=text)
    return installation


@pytest.mark.usefixtures("attacked")
@pytest.mark.parametrize("path", ["/", "/datasets/", "/datasets/attacked", "/issues/"])
def test_no_markup_of_a_dataset_reaches_a_page(client: FlaskClient, path: str) -> None:
    text = client.get(path).text
    for live in LIVE:
        assert live not in text
    # The description for search engines, which is data; and files of our own.
    data = '<script type="application/ld+json">'
    ours = r'<script src="/static/[^"]+\.js[^"]*" defer>'
    scripts = re.findall(r"<script[^>]*>", text)
    assert [s for s in scripts if s != data and not re.fullmatch(ours, s)] == []
    assert len(scripts) == text.count("</script>")
    assert scripts.count(data) == (path == "/datasets/attacked")


@pytest.mark.usefixtures("attacked")
def test_no_markup_of_a_dataset_reaches_a_feed_reader(client: FlaskClient) -> None:
    (item,) = client.get("/feed.json").get_json()["items"]
    for live in LIVE:
        assert live not in item["content_html"]


def test_a_chart_with_a_script_in_it_cannot_run_it(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        key = factories.store(installation.storage, SVG.encode(), ".svg")
        factories.dataset(session, installation.storage, chart_svg=key)
    policy = client.get("/datasets/penguins/chart.svg").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy.replace("allow-scripts", "!")


def test_a_file_of_markup_is_saved_and_not_shown(
    client: FlaskClient, installation: Installation
) -> None:
    with installation.db.write() as session:
        text = "<html><script>alert(1)</script>\n1\n"
        factories.dataset(session, installation.storage, "page", {"page": text})
    response = client.get("/datasets/page/v/1.0.0/page.csv")
    assert response.mimetype == "text/csv"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment")
