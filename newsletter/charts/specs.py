"""The charts that a table may get, as Vega-Lite without data or theme: they read the table's
own columns, and a curator can take one as the start of another.
"""

from datetime import date
from typing import Any

from newsletter.charts.column_roles import ColumnProfile, Roles, is_year, label

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
A_SEASON, A_FEW_YEARS = 120, 5 * 365  # days
MOST_STEPS = 400  # of time in which rows are counted


def line_spec(roles: Roles, time: ColumnProfile, number: ColumnProfile) -> Spec:
    """A number over time: itself where each moment, of each group, has one; else its mean."""
    colour = roles.colour
    unit = _time_unit(time)
    x, y = _moment(time), _quantity(number)
    if unit:
        x |= _by(unit)
    if unit or not has_one_a_moment(roles, time):
        y |= {
            "aggregate": "mean",
            "title": f"Mean of {_lower(label(number))}",
            "scale": {"zero": False},
        }
    encoding: Spec = {"x": x, "y": y}
    if colour and time["unique"] != roles.rows:
        encoding["color"] = _coloured(colour)
    width = 1.2 if time["unique"] > FINE else 2
    return {
        "height": HEIGHT,
        "mark": {"type": "line", "strokeWidth": width},
        "encoding": encoding,
    }


def has_one_a_moment(roles: Roles, time: ColumnProfile) -> bool:
    """Whether each moment has one row, or one of each group that has a colour."""
    groups = roles.colour["unique"] if roles.colour else 1
    return bool(time["unique"] == roles.rows or time["unique"] * groups >= 0.9 * roles.rows)


def events_spec(time: ColumnProfile) -> Spec:
    """How many rows there are of each day, month or year."""
    x = _moment(time)
    if not is_year(time):
        days = _days(time)
        form = "%-d %b" if days < A_SEASON else "%b %Y" if days < A_FEW_YEARS else "%Y"
        x |= {"timeUnit": _event_unit(time), "axis": {"tickCount": 6, "format": form}}
    return {
        "height": HEIGHT,
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {"x": x, "y": {"aggregate": "count", "title": "Rows"}},
    }


def _by(unit: str) -> Spec:
    return {"timeUnit": unit, "axis": {"tickCount": 6, "format": TICK_FORMATS[unit]}}


def _event_unit(time: ColumnProfile) -> str:
    days = _days(time)
    counts = {"yearmonthdate": days, "yearmonth": days / 30}
    return next((unit for unit, count in counts.items() if count <= MOST_STEPS), "year")


def _days(time: ColumnProfile) -> int:
    first, last = (time["statistics"][end][:10] for end in ("min", "max"))
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _time_unit(time: ColumnProfile) -> str | None:
    """What to average over where there are more moments than pixels to draw them."""
    if time["unique"] <= MOST_MOMENTS or is_year(time):
        return None
    days = _days(time)
    counts = zip(TICK_FORMATS, (days * 24, days, days / 30), strict=False)
    return next((unit for unit, count in counts if count <= FEW_ROWS), "year")


def map_spec(roles: Roles, longitude: ColumnProfile, latitude: ColumnProfile) -> Spec:
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


def scatter_spec(roles: Roles, one: ColumnProfile, other: ColumnProfile) -> Spec:
    encoding = {"x": _quantity(one), "y": _quantity(other)}
    if roles.colour:
        encoding["color"] = _coloured(roles.colour)
    crowded = roles.rows > CROWDED
    mark = {"type": "circle", "size": 12 if crowded else 42, "opacity": 0.35 if crowded else 0.75}
    return {"height": HEIGHT, "mark": mark, "encoding": encoding}


def groups_spec(roles: Roles, category: ColumnProfile, number: ColumnProfile) -> Spec:
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


def ranking_spec(names: ColumnProfile, number: ColumnProfile) -> Spec:
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


def histogram_spec(number: ColumnProfile) -> Spec:
    x = {**_quantity(number), "bin": {"maxbins": 30}}
    if is_year(number):
        x["axis"] = {"format": "d"}
    return {
        "height": HEIGHT,
        "mark": {"type": "bar", "binSpacing": 1},
        "encoding": {"x": x, "y": {"aggregate": "count", "title": "Rows"}},
    }


def bars_spec(category: ColumnProfile) -> Spec:
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
