from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from newsletter.charts import alt_text, chart_problems, default_chart, proposals, render_png
from newsletter.charts.png import size
from newsletter.charts.spec_rules import encoded

Shaped = tuple[str, dict[str, Any], list[dict[str, Any]]]
Profiled = Callable[[dict[str, Any]], dict[str, Any]]

MARKS = {
    "line": "line",
    "years": "line",
    "map": "circle",
    "scatter": "circle",
    "groups": "tick",
    "ranking": "bar",
    "histogram": "bar",
    "bars": "bar",
    "flags": "bar",
}
WORDS = {
    "line": "Line chart of level (m) from 100 to 116 and day from 2020-01-01 to 2020-02-29.",
    "years": "Line chart of flow from 1000 to",
    "map": "Map of dots of latitude from 40 to 43.9 and longitude from -78.9 to -75.",
    "scatter": "coloured by species (Adelie, Chinstrap and Gentoo). Data: Birds, 60 rows.",
    "groups": "Strip plot of species (Adelie, Chinstrap and Gentoo) and mass (g) from 3000 to",
    "ranking": "Bar chart of country and income from 0 to",
    "histogram": "Histogram of mass (g) from 3000 to 4450. Data: Birds, 60 rows.",
    "bars": "Bar chart of species (Adelie, Gentoo and Chinstrap).",
    "flags": "Bar chart of late (False and True).",
}


def chart_of(profile: dict[str, Any], title: str | None = None) -> dict[str, Any]:
    spec = default_chart(profile, title)
    assert spec is not None
    return spec


def test_it_chooses_a_mark_for_the_shape_of_a_table_and_draws_it(table: Shaped) -> None:
    shape, profile, rows = table
    spec = chart_of(profile, "A title")
    assert spec["mark"]["type"] == MARKS[shape]
    assert spec["title"] == "A title"
    assert chart_problems(spec, rows[0]) == []
    assert size(render_png(spec, rows, width_px=500))[0] == 1000


def test_it_says_in_words_what_the_chart_shows(table: Shaped) -> None:
    shape, profile, _ = table
    text = alt_text(chart_of(profile), profile, "Birds")
    assert WORDS[shape] in text
    assert text.endswith(" rows.")


def test_it_describes_the_first_view_of_several(profiled: Profiled) -> None:
    profile = profiled({"a": ("number", [1.5, 2.5, 3.5])})
    spec = {"layer": [{"mark": "rule"}, {"mark": "bar"}], "encoding": {"x": {"field": "a"}}}
    assert alt_text(spec, profile, "Data") == "Chart of a from 1.5 to 3.5. Data: Data, 3 rows."


def test_an_author_describes_a_chart_best(profiled: Profiled) -> None:
    spec = {"mark": "bar", "description": " Three bars. "}
    assert alt_text(spec, profiled({"a": ("number", [1.5])}), "Data") == "Three bars."


def test_it_averages_a_number_where_a_moment_comes_often(profiled: Profiled) -> None:
    days = [date(2020, 1, 1 + at % 20) for at in range(200)]
    profile = profiled(
        {"day": ("date", days), "price": ("number", [float(at) for at in range(200)])}
    )
    y = chart_of(profile)["encoding"]["y"]
    assert (y["aggregate"], y["title"]) == ("mean", "Mean of price")


def test_it_draws_a_line_for_each_group_that_has_every_moment(profiled: Profiled) -> None:
    days = [date(2020, 1, 1 + at // 2) for at in range(40)]
    airports = ["JFK" if at % 2 else "LGA" for at in range(40)]
    heat = [float(at) for at in range(40)]
    encoding = chart_of(
        profiled({"day": ("date", days), "airport": ("string", airports), "heat": ("number", heat)})
    )["encoding"]
    assert encoding["color"]["field"] == "airport"
    assert "aggregate" not in encoding["y"]


def test_it_averages_by_day_or_month_more_moments_than_pixels(profiled: Profiled) -> None:
    hours = [datetime(2013, 1, 1) + timedelta(hours=at) for at in range(3_500)]  # noqa: DTZ001
    heat = [float(at % 50) for at in range(3_500)]
    x = chart_of(profiled({"at": ("datetime", hours), "heat": ("number", heat)}))["encoding"]["x"]
    assert x["timeUnit"] == "yearmonthdate"


def test_a_few_years_are_not_a_line(profiled: Profiled) -> None:
    years = [2007 + at % 3 for at in range(30)]
    mass = [at % 17 + 0.5 for at in range(30)]
    spec = chart_of(profiled({"year": ("integer", years), "mass": ("number", mass)}))
    assert encoded(spec) == ["mass"]


def test_ids_are_not_measured(profiled: Profiled) -> None:
    profile = profiled({
        "row": ("integer", list(range(1, 31))),
        "station_id": ("integer", [at * 3 % 50 for at in range(30)]),
        "serial": ("integer", list(range(500, 530))),
        "mass": ("number", [at % 17 + 0.5 for at in range(30)]),
    })  # fmt: skip
    assert encoded(chart_of(profile)) == ["mass"]


def test_it_shows_the_commonest_of_many_categories(profiled: Profiled) -> None:
    cities = [f"city {at % 20}" for at in range(100)] + ["city 19"] * 5
    spec = chart_of(profiled({"city": ("string", cities)}))
    assert len(spec["transform"][0]["filter"]["oneOf"]) == 15
    assert spec["encoding"]["y"]["sort"][0] == "city 19"


def test_it_draws_a_box_where_points_would_be_a_smear(profiled: Profiled) -> None:
    profile = profiled({
        "kind": ("string", ["a", "b"] * 600),
        "size": ("number", [at % 97 + 0.5 for at in range(1200)]),
    })  # fmt: skip
    assert chart_of(profile)["mark"]["type"] == "boxplot"


@pytest.mark.parametrize("name", ["a.b", "a[0]", "it's", "a b", "é%"])
def test_it_finds_columns_whose_names_look_like_paths(profiled: Profiled, name: str) -> None:
    values = [at % 13 + 0.5 for at in range(30)]
    profile = profiled({name: ("number", values)})
    spec = chart_of(profile)
    assert encoded(spec) == [name]
    full = render_png(spec, [{name: value} for value in values])
    empty = render_png(spec, [{name: None}])
    assert len(full) > len(empty)


def test_it_passes_over_a_column_that_vega_cannot_name(profiled: Profiled) -> None:
    values = [at % 13 + 0.5 for at in range(30)]
    table = {"back\\slash": ("number", values), "plain": ("number", values)}
    assert encoded(chart_of(profiled(table))) == ["plain"]


def test_an_axis_is_titled_with_its_unit(profiled: Profiled) -> None:
    profile = profiled({"warmth": ("number", [at % 13 + 0.5 for at in range(30)])})
    profile["columns"][0]["unit"] = "°C"
    assert chart_of(profile)["encoding"]["x"]["title"] == "Warmth (°C)"


@pytest.mark.parametrize(
    "table",
    [
        {"note": ("string", [f"a long note number {at} " * 9 for at in range(30)])},
        {"same": ("integer", [1, 1, 1])},
        {"nothing": ("number", [None, None])},
        {"flag": ("integer", [at % 2 for at in range(30)])},
        {"row": ("integer", list(range(1, 31)))},
        {"name": ("string", [f"word {at}" for at in range(8)])},  # bars of ones
        {"link": ("string", [f"https://a.example/{at % 4}" for at in range(30)])},
    ],
)
def test_a_table_with_nothing_to_draw_has_no_chart(profiled: Profiled, table: Any) -> None:
    assert default_chart(profiled(table)) is None
    assert proposals(profiled(table)) == []


def test_it_proposes_three_charts_with_their_reasons(profiled: Profiled) -> None:
    profile = profiled({
        "species": ("string", [f"kind {at % 3}" for at in range(60)]),
        "bill_length_mm": ("number", [30 + at % 20 + 0.5 for at in range(60)]),
        "mass_g": ("integer", [3000 + 50 * (at % 30) for at in range(60)]),
    })  # fmt: skip

    charts = proposals(profile, "A title")

    assert [chart.spec["mark"]["type"] for chart in charts] == ["circle", "tick", "bar"]
    assert [chart.reason for chart in charts] == [
        "Bill length (mm) and Mass (g) are measures: how they go together.",
        "Bill length (mm) differs by Species.",
        "Bill length (mm) is a measure: which values are common.",
    ]
    assert all(chart.spec["title"] == "A title" for chart in charts)


def test_events_are_counted_before_anything_is_averaged(profiled: Profiled) -> None:
    days = [date(1992, 4, 1) + timedelta(at * at % 37) for at in range(100)]
    profile = profiled(
        {"death_date": ("date", days), "age": ("integer", [18 + at % 50 for at in range(100)])}
    )

    counted, averaged, _ = proposals(profile)

    y = counted.spec["encoding"]["y"]
    assert (y["aggregate"], y["title"]) == ("count", "Rows")
    assert counted.spec["encoding"]["x"]["timeUnit"] == "yearmonthdate"
    assert counted.spec["encoding"]["x"]["axis"]["format"] == "%-d %b"
    assert averaged.spec["encoding"]["y"]["title"] == "Mean of age"
    assert averaged.reason == "Age over Death date, as the mean of several rows."
    assert "Bar chart of death date" in alt_text(counted.spec, profile, "Deaths")


def test_no_line_leads_from_one_thing_to_the_next(profiled: Profiled) -> None:
    days = [date(1990, 1, 1) + timedelta(at * at % 977) for at in range(40)]
    takings = ("number", [at * 37 % 101 + 0.5 for at in range(40)])
    films = ("string", [f"film {at}" for at in range(40)])

    things = chart_of(profiled({"film": films, "released": ("date", days), "gross": takings}))
    moments = chart_of(profiled({"released": ("date", days), "gross": takings}))

    assert things["mark"]["type"] == "circle"
    assert encoded(things) == ["released", "gross"]
    assert moments["mark"]["type"] == "line"


def test_what_comes_evenly_is_averaged_rather_than_counted(profiled: Profiled) -> None:
    """The table of flights as its package ships it, in small; 517 is a time there."""
    rows = range(12_000)
    hours = [datetime(2013, 1, 1) + timedelta(hours=at // 6 * 4) for at in rows]  # noqa: DTZ001
    profile = profiled({
        "year": ("integer", [2013 for _ in rows]),
        "month": ("integer", [hour.month for hour in hours]),
        "dep_time": ("integer", [at % 24 * 100 + at % 60 for at in rows]),
        "sched_dep_time": ("integer", [at % 24 * 100 + at % 50 for at in rows]),
        "dep_delay": ("number", [at * 7 % 113 - 20.5 for at in rows]),
        "flight": ("integer", [at % 4_000 for at in rows]),
        "time_hour": ("datetime", hours),
    })  # fmt: skip

    chart, *others = proposals(profile)

    assert encoded(chart.spec) == ["time_hour", "dep_delay"]
    assert chart.spec["encoding"]["y"]["title"] == "Mean of dep delay"
    # A drawn sample has enough rows for the mean of a month, and not of an hour.
    assert chart.spec["encoding"]["x"]["timeUnit"] == "yearmonth"
    assert chart.reason == "Dep delay over Time hour, as the mean of several rows."
    assert not {"dep_time", "sched_dep_time"} & {n for other in others for n in encoded(other.spec)}


def test_the_rows_of_a_long_table_are_estimated_from_those_drawn(profiled: Profiled) -> None:
    profile = profiled({"kind": ("string", ["a" if at % 3 else "b" for at in range(20_001)])})

    spec = chart_of(profile)

    assert spec["transform"] == [{"calculate": "3", "as": "rows_for_each"}]
    x = spec["encoding"]["x"]
    assert (x["aggregate"], x["field"]) == ("sum", "rows_for_each")
    assert x["title"] == "Rows, estimated"


def test_months_that_are_columns_are_averaged(profiled: Profiled) -> None:
    months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
    heat = [20 + at % 13 + 0.5 for at in range(40)]
    profile = profiled(
        {"YEAR": ("integer", list(range(1950, 1990)))} | dict.fromkeys(months, ("number", heat))
    )

    (chart,) = proposals(profile)

    assert chart.spec["transform"] == [{"fold": months}]
    assert chart.spec["encoding"]["y"]["title"] == "Mean of JAN to DEC"
    rows = [{"YEAR": 1950 + at} | dict.fromkeys(months, at) for at in range(40)]
    assert len(render_png(chart.spec, rows)) > len(render_png(chart.spec, rows[:1]))


def test_of_many_years_that_are_columns_the_last_known_is_shown(profiled: Profiled) -> None:
    profile = profiled({
        "country": ("string", [f"country {at}" for at in range(30)]),
        "2009": ("number", [at + 0.5 for at in range(30)]),
        "2010": ("number", [at * 2 + 0.5 for at in range(30)]),
        "2011": ("number", [None] * 30),
    })  # fmt: skip

    spec = chart_of(profile)

    assert encoded(spec) == ["country", "2010"]
    assert spec["encoding"]["x"]["title"] == "In 2010: the highest 15 of 30"


@pytest.mark.parametrize("name", ["column_4", "Unnamed: 3", "V7", "...2", "150", "x", "latitude"])
def test_a_measure_without_a_name_says_nothing(profiled: Profiled, name: str) -> None:
    numbers = [at * 37 % 997 + 100.5 for at in range(60)]
    size = [at % 30 * 1.5 for at in range(60)]

    spec = chart_of(profiled({name: ("number", numbers), "size": ("number", size)}))

    assert encoded(spec) == ["size"]


def test_years_and_measures_that_say_little_come_after_others(profiled: Profiled) -> None:
    profile = profiled({
        "rain": ("number", [at * 1.5 if at % 3 == 0 else 0.0 for at in range(60)]),
        "start": ("integer", [1500 + 7 * at for at in range(60)]),
        "wind": ("number", [at % 17 + 0.5 for at in range(60)]),
        "heat": ("number", [at % 13 + 0.5 for at in range(60)]),
    })  # fmt: skip

    assert encoded(chart_of(profile)) == ["wind", "heat"]


def test_numbers_of_very_different_size_are_told_apart_by_their_digits(
    profiled: Profiled,
) -> None:
    profile = profiled({
        "area": ("number", [1.5 ** at for at in range(40)]),
        "age": ("integer", [at * 7 % 90 for at in range(40)]),
    })  # fmt: skip

    encoding = chart_of(profile)["encoding"]

    assert encoding["x"]["scale"] == {"type": "log"}
    assert encoding["x"]["title"] == "Area, logarithmic"
    assert "type" not in encoding["y"]["scale"]


def test_a_legend_that_does_not_fit_is_not_drawn(profiled: Profiled) -> None:
    parties = [f"The Very Long and Honourable Party {at % 3}" for at in range(60)]
    measures = {name: ("number", [at % 17 + 0.5 for at in range(60)]) for name in ("a", "b")}

    assert "color" not in chart_of(profiled({"party": ("string", parties)} | measures))["encoding"]
    short = [party[-7:] for party in parties]
    assert "color" in chart_of(profiled({"party": ("string", short)} | measures))["encoding"]


def test_fewer_rows_than_can_be_compared_are_not(profiled: Profiled) -> None:
    sizes = [15.5, 20, 23, 21, 26, 24, 20.5, 23.5]
    assert proposals(profiled({"size": ("number", sizes), "weight": ("number", sizes)})) == []


@pytest.mark.parametrize("name", ["year", "Season", "budgetYear", "election cycle", "decade"])
def test_years_are_time_and_no_measure(profiled: Profiled, name: str) -> None:
    years = list(range(1990, 2010))
    spec = chart_of(
        profiled({name: ("integer", years), "size": ("number", [at * 1.5 for at in range(20)])})
    )

    assert encoded(spec) == [name, "size"]
    assert spec["mark"]["type"] == "line"


@pytest.mark.parametrize("name", ["Postal Code", "sampleNumber", "id_person", "iso_num", "hour"])
def test_what_names_a_row_is_no_measure(profiled: Profiled, name: str) -> None:
    codes = [at * 37 % 997 + 1000 for at in range(60)]
    table = {name: ("integer", codes), "size": ("number", [at % 30 * 1.5 for at in range(60)])}

    spec = chart_of(profiled(table))

    assert encoded(spec) == ["size"]


def test_a_number_with_decimals_is_a_measure_whatever_it_is_called(profiled: Profiled) -> None:
    table = {
        "year": ("integer", list(range(1700, 1760))),
        "sunspot_number": ("number", [at % 11 * 17.3 + at / 10 for at in range(60)]),
    }

    assert encoded(chart_of(profiled(table))) == ["year", "sunspot_number"]


@pytest.mark.parametrize(
    "names", [("lon", "lat"), ("decimalLongitude", "decimalLatitude"), ("X", "Y")]
)
def test_places_make_a_map(profiled: Profiled, names: tuple[str, str]) -> None:
    table = {
        names[0]: ("number", [-75 - at / 10 for at in range(40)]),
        names[1]: ("number", [40 + at / 10 for at in range(40)]),
    }
    spec = chart_of(profiled(table))

    assert spec["encoding"]["x"]["field"] == names[0]
    assert "labelExpr" in spec["encoding"]["x"]["axis"]


def test_x_and_y_near_nought_are_no_places(profiled: Profiled) -> None:
    table = {name: ("number", [at / 7 + 4 for at in range(44)]) for name in ("X", "Y")}

    assert default_chart(profiled(table)) is None


def test_places_in_a_row_are_no_map(profiled: Profiled) -> None:
    table = {
        "lon": ("number", [at / 10 for at in range(40)]),
        "lat": ("number", [45.125 for _ in range(40)]),
    }

    assert default_chart(profiled(table)) is None
