"""The chart of a dataset: pictures, and a document that a browser draws."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import vl_convert
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.catalog import datasets
from newsletter.charts import bundle as bundles
from newsletter.charts.bundle import FINGERPRINT, bundle
from newsletter.charts.png import size
from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.task import Task
from tests import factories

SPEC = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "mark": {"type": "point"},
    "width": 300,
    "config": {"axis": {"labelFontSize": 9}},
    "encoding": {
        "x": {"field": "bill_mm", "type": "quantitative"},
        "y": {"field": "flipper_mm", "type": "quantitative"},
    },
}
DOCUMENT = "/datasets/drawn/v/1.0.0/chart.json"


@pytest.fixture(autouse=True)
def drawn(installation: Installation) -> None:
    with installation.db.write() as session:
        tables = {"other": "a\n1\n", "penguins": factories.PENGUINS}
        spec = SPEC | {"usermeta": {"table": "penguins"}}
        factories.dataset(session, installation.storage, "drawn", tables, chart_drawn=spec)
        factories.dataset(session, installation.storage, "plain", chart_svg=None, chart_png=None)


def test_the_document_is_the_chart_with_the_rows_that_it_reads(client: FlaskClient) -> None:
    response = client.get(DOCUMENT)
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    document = response.get_json()
    assert document["data"]["values"][:3] == [
        {"bill_mm": 39.1, "flipper_mm": 181},
        {"bill_mm": 39.5, "flipper_mm": 186},
        {"bill_mm": None, "flipper_mm": None},
    ]
    assert document["width"] == "container"
    assert document["config"]["axis"]["labelFontSize"] == 9
    assert document["config"]["mark"]["tooltip"] is True
    assert "<svg" in vl_convert.vegalite_to_svg(document | {"width": 300})


def test_an_address_that_names_the_drawing_is_for_ever(client: FlaskClient) -> None:
    text = client.get("/datasets/drawn").text
    for name in ("chart.json", "chart.svg", "chart.png"):
        path = f"/datasets/drawn/v/1.0.0/{name}?k="
        start = text.index(path)
        response = client.get(text[start : text.index('"', start)])
        assert response.cache_control.immutable, name
        assert response.headers["ETag"]
        again = {"If-None-Match": response.headers["ETag"]}
        assert client.get(path, headers=again).status_code == 304
        assert not client.get(path + "0123456789ab").cache_control.immutable


def test_a_dataset_without_a_chart_has_no_document(client: FlaskClient) -> None:
    assert client.get(DOCUMENT.replace("drawn", "plain")).status_code == 404
    assert "chart.js" not in client.get("/datasets/plain").text
    assert client.get(DOCUMENT.replace("1.0.0", "2.0.0")).status_code == 404


def test_a_link_shows_the_chart_or_the_first_rows_drawn_once(
    client: FlaskClient, installation: Installation
) -> None:
    picture = re.compile('<meta property="og:image" content="https://news.example.org([^"]*)">')
    assert picture.findall(client.get("/datasets/drawn").text) == ["/datasets/drawn/chart.png"]
    assert client.get("/datasets/drawn/first-rows.png").status_code == 404
    for path in ("/datasets/plain", "/datasets/plain?_size=50"):  # nothing is drawn in a request
        assert picture.findall(client.get(path).text) == []
    assert client.get("/datasets/plain/first-rows.png").status_code == 404
    run_until_idle(installation)
    with installation.db.read() as session:
        assert list(session.scalars(select(Task.name))) == ["draw-first-rows"]
    (address,) = picture.findall(client.get("/datasets/plain").text)
    response = client.get(address)
    assert (response.mimetype, size(response.data)) == ("image/png", (1200, 630))
    assert response.cache_control.immutable
    with installation.db.write() as session:
        datasets.newest(session, "plain").title = "Another title"
    assert picture.findall(client.get("/datasets/plain").text) == []  # until it is drawn anew


def test_what_draws_is_a_file_of_ours_for_ever(
    client: FlaskClient, installation: Installation
) -> None:
    assets = installation.settings.home / "assets"
    assets.mkdir(parents=True)
    (assets / f"vega-{FINGERPRINT}.js").write_text("window.vegaEmbed = 0;" * 100)
    response = client.get(f"/assets/vega-{FINGERPRINT}.js", headers={"Accept-Encoding": "br"})
    assert response.mimetype == "text/javascript"
    assert response.cache_control.immutable
    assert response.headers["Content-Encoding"] == "br"
    assert f"/assets/vega-{FINGERPRINT}.js" in client.get("/datasets/drawn").text


def test_the_library_is_taken_out_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = bundle(tmp_path / "assets")
    assert "vegaEmbed" in place.read_text()[-500:]
    monkeypatch.setattr(bundles, "WRITE", "raise SystemExit(1)")
    assert bundle(tmp_path / "assets") == place
    shutil.rmtree(tmp_path / "assets")
    with pytest.raises(subprocess.CalledProcessError):
        bundle(tmp_path / "assets")
    assert [path.name for path in (tmp_path / "assets").iterdir()] == ["lock"]


def test_of_many_who_ask_first_one_takes_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = f"import os, pathlib; pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch()"
    monkeypatch.setattr(bundles, "WRITE", mark)
    with ThreadPoolExecutor(6) as asking:
        places = list(asking.map(lambda _: bundle(tmp_path / "assets"), range(6)))
    assert len(set(places)) == 1
    assert len([path for path in tmp_path.iterdir() if path.is_file()]) == 1
