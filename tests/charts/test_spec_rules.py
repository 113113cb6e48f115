from typing import Any

import pytest

from newsletter.charts import chart_problems, fields
from newsletter.charts.spec_rules import encoded

BAR: dict[str, Any] = {
    "mark": "bar",
    "encoding": {"x": {"field": "a"}, "y": {"aggregate": "count"}},
}
DEEP: dict[str, Any] = {"mark": "bar"}
for _ in range(100):
    DEEP = {"layer": [DEEP]}


@pytest.mark.parametrize(
    "spec",
    [
        BAR,
        {**BAR, "usermeta": {"table": "birds"}},
        {**BAR, "$schema": "https://vega.github.io/schema/vega-lite/v6.json"},
        {"layer": [{"mark": {"type": "line"}}, {"mark": "point"}]},
        {**BAR, "config": {"mark": {"color": "#123456"}}},
        {**BAR, "width": 400, "height": {"step": 20}},
    ],
)  # fmt: skip
def test_it_accepts(spec: dict[str, Any]) -> None:
    assert chart_problems(spec, ["a"]) == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("bar", "a mapping with a mark"),
        ([BAR], "a mapping with a mark"),
        ({"encoding": {"x": {"field": "a"}}}, "Name a mark"),
        ({**BAR, "mark": "explosion"}, "no mark 'explosion'"),
        ({**BAR, "mark": {"type": "image"}}, "no mark 'image'"),
        ({"layer": [{"mark": "image"}]}, "no mark 'image'"),
        ({**BAR, "data": {"values": []}}, "Leave out data"),
        ({**BAR, "datasets": {"a": []}}, "Leave out data"),
        ({"layer": [{**BAR, "data": {"url": "https://example.org/d.csv"}}]}, "'url'"),
        ({**BAR, "encoding": {"href": {"field": "a"}}}, "'href'"),
        ({**BAR, "encoding": {"url": {"field": "a"}}}, "'url'"),
        ({**BAR, "mark": {"type": "bar", "href": "https://example.org"}}, "'href'"),
        ({**BAR, "transform": [{"lookup": "a", "from": {"data": {"url": "x"}}}]}, "'url'"),
        ({**BAR, "config": {"signals": [{"name": "s"}]}}, "'signals'"),
        ({**BAR, "usermeta": {"embedOptions": {"loader": {}}}}, "'embedOptions'"),
        ({**BAR, "$schema": "https://vega.github.io/schema/vega/v6.json"}, "full Vega"),
        ({**BAR, "width": 100_000}, "Keep the width"),
        ({**BAR, "height": -1}, "Keep the height"),
        ({"layer": [{**BAR, "description": "x" * 200_000}]}, "larger than 100 kB"),
        (DEEP, "nested too deep"),
        ({**BAR, "encoding": {"x": {"field": "b"}}}, "no column 'b'"),
    ],
)
def test_it_refuses(spec: Any, sentence: str) -> None:
    assert any(sentence in problem for problem in chart_problems(spec, ["a"]))


def test_it_lists_the_fields_that_a_chart_shows() -> None:
    spec = {
        "layer": [{"mark": "line", "encoding": {"y": {"field": "sst"}}}, {"mark": "point"}],
        "transform": [{"calculate": "datum.sst * 2", "as": "double"}],
        "encoding": {
            "x": {"field": "date"},
            "y": {"field": "double"},
            "color": {"condition": {"test": "true", "field": "month"}, "value": "red"},
            "tooltip": [{"field": "year"}, {"field": "sst"}],
            "order": {"field": "a\\.b"},
            "detail": {"field": "nested.part"},
        },
    }
    assert encoded(spec) == ["sst", "date", "double", "month", "year", "a.b", "nested"]


def test_it_finds_the_columns_that_only_a_transform_reads() -> None:
    spec = {
        "mark": "line",
        "transform": [
            {"filter": "isValid(datum.depth) && datum['bill length'] > 1"},
            {"aggregate": [{"op": "mean", "field": "mass", "as": "mass"}], "groupby": ["sex"]},
            {"calculate": "datum.depths", "as": "y"},
        ],
        "encoding": {"x": {"field": "a\\.b"}, "y": {"field": "y"}},
    }
    columns = ["depth", "bill length", "length", "mass", "sex", "a.b", "year"]
    assert fields(spec, columns) == ["depth", "bill length", "length", "mass", "sex", "a.b"]
    assert chart_problems(spec, columns) == []


def test_it_does_not_guess_what_a_pivot_makes() -> None:
    spec = {
        "mark": "line",
        "transform": [{"pivot": "country", "value": "gdp", "groupby": ["year"]}],
        "encoding": {"x": {"field": "year"}, "y": {"field": "Norway"}},
    }
    assert chart_problems(spec, ["country", "gdp", "year"]) == []


def test_it_knows_what_a_fold_makes() -> None:
    spec = {
        "mark": "line",
        "transform": [{"fold": ["a", "b"]}],
        "encoding": {"y": {"field": "value"}, "color": {"field": "key"}},
    }
    assert chart_problems(spec, ["a", "b"]) == []
