"""The pictures, by the process that really draws them."""

import math
import os
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from newsletter.charts import MAX_ROWS, Artist, draw
from newsletter.charts.png import packed, size
from newsletter.errors import Invalid

DOTS: dict[str, Any] = {"mark": "point", "encoding": {"x": {"field": "a"}, "y": {"field": "b"}}}
ROWS = [{"a": at, "b": at * at} for at in range(20)]
ENDLESS: dict[str, Any] = {
    "mark": "point",
    "transform": [{"calculate": "sequence(0, 1e8)", "as": "z"}, {"flatten": ["z"]}],
    "encoding": {"x": {"field": "z"}},
}


@pytest.fixture
def artist() -> Iterator[Artist]:
    artist = Artist(seconds=60)
    yield artist
    artist.close()


def test_it_draws_a_png_of_the_width_asked_for(artist: Artist) -> None:
    png = artist.png({**DOTS, "title": "Squares"}, ROWS, width_px=600, scale=2)
    assert png.startswith(b"\x89PNG")
    assert size(png)[0] == 1200


def test_it_draws_an_svg_with_the_house_colours(artist: Artist) -> None:
    svg = artist.svg({"mark": "bar", "encoding": DOTS["encoding"]}, ROWS)
    assert svg.startswith("<svg")
    assert "#1f6f8b" in svg
    assert 'width="600"' in svg


def test_a_chart_of_its_own_colours_keeps_them(artist: Artist) -> None:
    spec = {**DOTS, "mark": "bar", "config": {"mark": {"color": "#ff0000"}}}
    assert "#ff0000" in artist.svg(spec, ROWS)


def test_a_chart_of_its_own_size_keeps_it(artist: Artist) -> None:
    spec = {**DOTS, "width": 400, "height": 200, "autosize": {"type": "fit", "contains": "padding"}}
    assert size(artist.png(spec, ROWS, width_px=600, scale=1)) == (400, 200)


def test_one_child_draws_many(artist: Artist) -> None:
    artist.svg(DOTS, ROWS)
    assert artist._child is not None
    first = artist._child.pid
    artist.svg(DOTS, ROWS)
    assert artist._child.pid == first


def test_a_chart_that_takes_too_long_is_refused_and_the_next_is_drawn() -> None:
    artist = Artist(seconds=1.5)
    artist.svg(DOTS, ROWS)
    assert artist._child is not None
    stuck = artist._child
    with pytest.raises(Invalid, match=r"more than 1\.5 seconds"):
        artist.svg(ENDLESS, ROWS)
    assert stuck.poll() is not None
    assert artist.svg(DOTS, ROWS).startswith("<svg")
    artist.close()


def test_it_starts_another_child_after_one_has_died(artist: Artist) -> None:
    artist.svg(DOTS, ROWS)
    assert artist._child is not None
    artist._child.kill()
    artist._child.wait()
    with pytest.raises(Invalid, match="plot fewer rows"):
        artist.svg(DOTS, ROWS)
    assert artist.svg(DOTS, ROWS).startswith("<svg")


def test_the_child_ends_with_the_artist(artist: Artist) -> None:
    artist.svg(DOTS, ROWS)
    child = artist._child
    assert child is not None
    artist.close()
    assert child.poll() is not None
    artist.close()


def test_the_child_sees_no_secret(artist: Artist, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hush")
    artist.svg(DOTS, ROWS)
    assert artist._child is not None
    with open(f"/proc/{artist._child.pid}/environ", "rb") as environ:  # noqa: PTH123
        assert b"hush" not in environ.read()


def test_threads_share_a_child(artist: Artist) -> None:
    drawn: dict[str, str] = {}

    def draw_titled(title: str) -> None:
        drawn[title] = artist.svg({**DOTS, "title": title}, ROWS)

    threads = [threading.Thread(target=draw_titled, args=(f"T{at}",)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(drawn) == 4
    assert all(f">{title}<" in svg for title, svg in drawn.items())


def test_a_forked_process_gets_a_child_of_its_own(artist: Artist) -> None:
    artist.svg(DOTS, ROWS)
    assert artist._child is not None
    artist._owner = os.getppid()
    parents, _still_open = artist._child, artist._connection
    artist.svg(DOTS, ROWS)
    assert artist._child is not parents
    assert parents.poll() is None
    parents.kill()
    parents.wait()


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({**DOTS, "mark": "explosion"}, "no mark"),
        ({**DOTS, "transform": [{"calculate": "foo(1)", "as": "c"}]}, "Unrecognized function: foo"),
        ({**DOTS, "encoding": {"x": {"field": "a", "type": "zzz"}}}, "Invalid field type"),
    ],
)
def test_it_refuses_in_one_sentence(artist: Artist, spec: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence) as refused:
        artist.png(spec, ROWS)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_it_refuses_more_rows_than_a_picture_can_show(artist: Artist) -> None:
    with pytest.raises(Invalid, match="give it a sample"):
        artist.png(DOTS, [{"a": 1}] * (MAX_ROWS + 1))


def test_it_refuses_a_picture_too_large_to_open(artist: Artist) -> None:
    tall = {"vconcat": [{**DOTS, "height": 1500, "width": 1500}] * 2}
    with pytest.raises(Invalid, match="too large"):
        artist.png(tall, ROWS, scale=2)


@pytest.mark.parametrize(
    "value",
    [None, True, math.nan, math.inf, Decimal("1.5"), datetime(2020, 1, 1, tzinfo=UTC), b"x"],
)
def test_it_draws_whatever_a_row_holds(artist: Artist, value: Any) -> None:
    assert artist.svg(DOTS, [{"a": value, "b": 1}]).startswith("<svg")


def test_a_cell_stays_text(artist: Artist) -> None:
    spec = {"mark": "bar", "encoding": {"y": {"field": "a", "type": "nominal"}}}
    svg = artist.svg(spec, [{"a": "<script>alert(1)</script>"}])
    assert "<script" not in svg


def test_nothing_is_fetched_even_by_a_chart_that_no_rule_saw(
    artist: Artist, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "chart_problems", lambda spec: [])
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'[{"a": 1}]')

    server = HTTPServer(("127.0.0.1", 0), Canary)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    image = {"type": "image", "url": f"{address}/i.png", "width": 9, "height": 9}
    try:
        for spec in (
            {"layer": [{**DOTS, "data": {"url": f"{address}/d.json"}}]},
            {**DOTS, "mark": image},
        ):
            try:
                artist.png(spec, ROWS)
            except Invalid:
                continue
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == []


def test_packing_keeps_every_pixel(artist: Artist) -> None:
    png = artist.png(DOTS, ROWS)
    again = packed(png)
    assert len(again) <= len(png)
    at = png.index(b"IDAT")
    length = int.from_bytes(png[at - 4 : at], "big")
    pixels = zlib.decompress(png[at + 4 : at + 4 + length])
    width, height = size(png)
    assert len(pixels) == height * (width * 4 + 1)
