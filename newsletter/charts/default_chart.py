"""A sensible first chart for a table, chosen from its columns' types.

The spec is Vega-Lite without data or theme: it reads the table's own columns,
and a curator can take it as the start of another.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from newsletter.charts.column_roles import ColumnProfile, Roles, is_year, label, roles
from newsletter.errors import Invalid

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
Spec = dict[str, Any]

HEIGHT = 300
MAX_BARS = 15
# Up to here every value can be shown as a point of its own.
FEW_ROWS = 1_000
CROWDED = 2_000
# A line of more moments is drawn finer, and of still more as averages.
FINE = 300
TICK_FORMATS = {
    "yearmonthdatehours": "%-d %b",
    "yearmonthdate": "%b %Y",
    "yearmonth": "%Y",
    "year": "%Y",
}
MOST_MOMENTS = 3_000


def default_chart(profile: Mapping[str, Any], title: str | None = None) -> Spec:
    """The Vega-Lite spec that shows a table best, given its profile.

    Time and a number make a line, longitude and latitude a map of dots, two
    numbers a scatter plot, a category and a number a strip or a box plot, one
    number a histogram, a category bars. A column may carry a ``unit`` for its
    axis. Raises Invalid if no column can be drawn.
    """
    spec: Spec = {"$schema": SCHEMA, **_drawn(roles(profile))}
    if title:
        spec["title"] = title
    return spec


def _drawn(roles: Roles) -> Spec:
    numbers, categories = roles.numbers, roles.categories
    if roles.time and numbers:
        return _line(roles, roles.time, numbers[0])
    if roles.place:
        return _map(roles, *roles.place)
    if len(numbers) >= 2:
        return _scatter(roles, numbers[0], numbers[1])
    if numbers and roles.names:
        return _ranking(roles.names, numbers[0])
    if numbers and categories:
        return _groups(roles, categories[0], numbers[0])
    if numbers:
        return _histogram(numbers[0])
    if categories:
        return _bars(categories[0])
    raise Invalid("No column of this table can be charted: give the dataset a chart of its own.")


def _line(roles: Roles, time: ColumnProfile, number: ColumnProfile) -> Spec:
    colour = roles.colour
    unit = _time_unit(time)
    one_a_moment = time["unique"] == roles.rows
    one_a_group = colour and time["unique"] * colour["unique"] >= 0.9 * roles.rows
    x, y = _moment(time), _quantity(number)
    if unit:
        x |= {"timeUnit": unit, "axis": {"tickCount": 6, "format": TICK_FORMATS[unit]}}
    if unit or not (one_a_moment or one_a_group):
        y |= {
            "aggregate": "mean",
            "title": f"Mean of {_lower(label(number))}",
            "scale": {"zero": False},
        }
    encoding: Spec = {"x": x, "y": y}
    if colour and not one_a_moment:
        encoding["color"] = _coloured(colour)
    width = 1.2 if time["unique"] > FINE else 2
    return {
        "height": HEIGHT,
        "mark": {"type": "line", "strokeWidth": width},
        "encoding": encoding,
    }


def _time_unit(time: ColumnProfile) -> str | None:
    """What to average over where there are more moments than pixels to draw them."""
    if time["unique"] <= MOST_MOMENTS or is_year(time):
        return None
    first, last = (time["statistics"][end][:10] for end in ("min", "max"))
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    counts = zip(TICK_FORMATS, (days * 24, days, days / 30), strict=False)
    return next((unit for unit, count in counts if count <= FEW_ROWS), "year")


def _map(roles: Roles, longitude: ColumnProfile, latitude: ColumnProfile) -> Spec:
    """Dots where they lie, a degree as long to the east as to the north."""
    wide, tall = _span(longitude), _span(latitude)
    height = min(max(560 * tall / max(wide, 1e-9), 220), 480)
    encoding = {"x": _degrees(longitude, "EW"), "y": _degrees(latitude, "NS")}
    if roles.colour:
        encoding["color"] = _coloured(roles.colour)
    size = 5 if roles.rows > CROWDED else 20
    return {
        "height": round(height),
        "mark": {"type": "circle", "size": size, "opacity": 0.55},
        "encoding": encoding,
    }


def _degrees(column: ColumnProfile, sides: str) -> Spec:
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    axis: Spec = {
        "title": None,
        "tickCount": 6,
        "labelExpr": f"format(abs(datum.value), '~f') + '°'"
        f" + (datum.value > 0 ? '{sides[0]}' : datum.value < 0 ? '{sides[1]}' : '')",
    }
    if high - low > 90:
        axis["values"] = list(range(-180, 181, 60 if high - low > 180 else 30))
    return {
        **_quantity(column),
        "scale": {"zero": False, "nice": False, "padding": 6},
        "axis": axis,
    }


def _scatter(roles: Roles, one: ColumnProfile, other: ColumnProfile) -> Spec:
    encoding = {"x": _quantity(one), "y": _quantity(other)}
    if roles.colour:
        encoding["color"] = _coloured(roles.colour)
    crowded = roles.rows > CROWDED
    mark = {"type": "circle", "size": 12 if crowded else 42, "opacity": 0.35 if crowded else 0.75}
    return {"height": HEIGHT, "mark": mark, "encoding": encoding}


def _groups(roles: Roles, category: ColumnProfile, number: ColumnProfile) -> Spec:
    top, keep = _commonest(category)
    encoding = {
        "y": {**_nominal(category), "sort": keep},
        "x": _quantity(number),
    }
    height = max(34 * len(keep), 120)
    if roles.rows > FEW_ROWS:
        mark: Spec = {"type": "boxplot", "size": 18, "outliers": {"size": 6, "opacity": 0.4}}
    else:
        mark = {"type": "tick", "thickness": 1.5, "opacity": 0.5}
    return {**top, "height": height, "mark": mark, "encoding": encoding}


def _ranking(names: ColumnProfile, number: ColumnProfile) -> Spec:
    """A bar for each row, the largest first."""
    shown = min(names["unique"], MAX_BARS)
    return {
        "transform": [
            {
                "window": [{"op": "row_number", "as": "place"}],
                "sort": [{"field": field(number), "order": "descending"}],
            },
            {"filter": f"datum.place <= {shown}"},
        ],
        "height": 24 * shown,
        "mark": {"type": "bar"},
        "encoding": {
            "y": {**_nominal(names), "sort": "-x"},
            "x": {**_quantity(number), "scale": {"zero": True}},
        },
    }


def _histogram(number: ColumnProfile) -> Spec:
    x = {**_quantity(number), "bin": {"maxbins": 30}}
    if is_year(number):
        x["axis"] = {"format": "d"}
    return {
        "height": HEIGHT,
        "mark": {"type": "bar", "binSpacing": 1},
        "encoding": {"x": x, "y": {"aggregate": "count", "title": "Rows"}},
    }


def _bars(category: ColumnProfile) -> Spec:
    top, keep = _commonest(category)
    return {
        **top,
        "height": max(28 * len(keep), 90),
        "mark": {"type": "bar"},
        "encoding": {
            "y": {**_nominal(category), "sort": keep},
            "x": {"aggregate": "count", "title": "Rows"},
        },
    }


def _commonest(category: ColumnProfile) -> tuple[Spec, list[Any]]:
    """A filter on the commonest values, where there are more than fit, and those values."""
    frequencies = category["statistics"]["frequencies"]
    labels: list[Any] = sorted(frequencies, key=lambda value: -frequencies[value])[:MAX_BARS]
    if category["kind"] == "bool":
        labels = [label == "True" for label in labels]
    if len(frequencies) <= MAX_BARS:
        return {}, labels
    return {"transform": [{"filter": {"field": field(category), "oneOf": labels}}]}, labels


def field(column: ColumnProfile) -> str:
    """The column's name as Vega-Lite writes it: its dots and brackets are not paths."""
    name: str = column["name"]
    for sign in ".[]'":
        name = name.replace(sign, "\\" + sign)
    return name


def _moment(column: ColumnProfile) -> Spec:
    if is_year(column):
        scale = {"zero": False, "nice": False}
        axis = {"format": "d", "tickCount": 8, "grid": False, "domain": True}
        return {**_quantity(column), "title": None, "scale": scale, "axis": axis}
    return {"field": field(column), "type": "temporal", "title": None, "axis": {"tickCount": 8}}


def _quantity(column: ColumnProfile) -> Spec:
    return {
        "field": field(column),
        "type": "quantitative",
        "title": label(column),
        "scale": {"zero": _near_zero(column)},
    }


def _nominal(column: ColumnProfile) -> Spec:
    return {"field": field(column), "type": "nominal", "title": None}


def _coloured(column: ColumnProfile) -> Spec:
    return {"field": field(column), "type": "nominal", "title": label(column)}


def _near_zero(column: ColumnProfile) -> bool:
    """Whether an axis from zero wastes less than a third of its length."""
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return bool(0 <= low <= high / 3)


def _span(column: ColumnProfile) -> float:
    return float(column["statistics"]["max"] - column["statistics"]["min"])


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]
