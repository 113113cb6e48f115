"""The charts that a table may get, as Vega-Lite without data or theme: they read the table's
own columns, and a curator can take one as the start of another.
"""

import math
from typing import Any

from newsletter.charts.column_roles import ColumnProfile, Roles
from newsletter.charts.labels import label

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
Spec = dict[str, Any]

HEIGHT = 300
MAX_BARS = 15
# Up to here every value can be shown as a point of its own.
FEW_ROWS = 1_000
CROWDED = 2_000
FEW_DOTS = 200
# Of a longer table a chart is drawn from so many rows at most, evenly spread.
SAMPLED_ROWS = 10_000
EACH = "rows_for_each"  # how many rows each of those stands for
# Above these a number is told from others by how many digits it has.
TIMES_THE_MEDIAN, TIMES_THE_LEAST = 20, 100


def map_spec(roles: Roles, longitude: ColumnProfile, latitude: ColumnProfile) -> Spec:
    """Dots where they lie, a degree as long to the east as to the north."""
    wide, tall = _span(longitude), _span(latitude)
    height = min(max(560 * tall / max(wide, 1e-9), 220), 480)
    encoding = {"x": _degrees(longitude, "EW"), "y": _degrees(latitude, "NS")}
    if roles.colour:
        encoding["color"] = coloured(roles.colour)
    size = 5 if roles.rows > CROWDED else 20 if roles.rows > FEW_DOTS else 60
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
        **quantity(column),
        "scale": {"zero": False, "nice": False, "padding": 6},
        "axis": axis,
    }


def scatter_spec(roles: Roles, one: ColumnProfile, other: ColumnProfile) -> Spec:
    encoding = {"x": _spread_out(one), "y": _spread_out(other)}
    if roles.colour:
        encoding["color"] = coloured(roles.colour)
    return {"height": HEIGHT, "mark": dots(roles), "encoding": encoding}


def dots(roles: Roles) -> Spec:
    crowded = roles.rows > CROWDED
    return {"type": "circle", "size": 12 if crowded else 42, "opacity": 0.35 if crowded else 0.75}


def groups_spec(roles: Roles, category: ColumnProfile, number: ColumnProfile) -> Spec:
    top, keep = _commonest(category)
    encoding = {
        "y": {**_nominal(category), "sort": keep},
        "x": quantity(number),
    }
    height = max(34 * len(keep), 120)
    if roles.rows > FEW_ROWS:
        mark: Spec = {"type": "boxplot", "size": 18, "outliers": {"size": 6, "opacity": 0.4}}
    else:
        mark = {"type": "tick", "thickness": 1.5, "opacity": 0.5}
    return {**top, "height": height, "mark": mark, "encoding": encoding}


def ranking_spec(names: ColumnProfile, number: ColumnProfile) -> Spec:
    """A bar for each row, the largest first; of many rows the first bars."""
    shown = min(names["unique"], MAX_BARS)
    title = label(number)
    if shown < names["unique"]:
        title += f": the highest {shown} of {names['unique']:,}"
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
            "x": {**quantity(number), "title": title, "scale": {"zero": True}},
        },
    }


def histogram_spec(roles: Roles, number: ColumnProfile) -> Spec:
    whole = {"minstep": 1} if number["kind"] == "int" else {}
    x = {
        **quantity(number),
        "bin": {"maxbins": 20, **whole},
        "axis": {"labelOverlap": "greedy", "labelSeparation": 10},
    }
    return {
        **of_a_sample(roles.rows),
        "height": HEIGHT,
        "mark": {"type": "bar", "binSpacing": 1},
        "encoding": {"x": x, "y": count(roles.rows)},
    }


def bars_spec(roles: Roles, category: ColumnProfile) -> Spec:
    top, keep = _commonest(category)
    transform = [*of_a_sample(roles.rows).get("transform", ()), *top.get("transform", ())]
    return {
        **({"transform": transform} if transform else {}),
        "height": max(28 * len(keep), 90),
        "mark": {"type": "bar"},
        "encoding": {"y": {**_nominal(category), "sort": keep}, "x": count(roles.rows)},
    }


def of_a_sample(rows: int) -> Spec:
    """What lets the drawn rows of a long table stand for all of them."""
    if rows <= SAMPLED_ROWS:
        return {}
    return {"transform": [{"calculate": f"{-(-rows // SAMPLED_ROWS)}", "as": EACH}]}


def count(rows: int) -> Spec:
    """How many rows there are, as an axis. Of a long table it is an estimate, and says so."""
    axis = {"tickMinStep": 1, "format": ",d"}
    if rows <= SAMPLED_ROWS:
        return {"aggregate": "count", "title": "Rows", "axis": axis}
    return {"aggregate": "sum", "field": EACH, "title": "Rows, estimated", "axis": axis}


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


def quantity(column: ColumnProfile) -> Spec:
    return {
        "field": field(column),
        "type": "quantitative",
        "title": label(column),
        "scale": {"zero": _near_zero(column)},
    }


def _nominal(column: ColumnProfile) -> Spec:
    return {"field": field(column), "type": "nominal", "title": None}


def _spread_out(column: ColumnProfile) -> Spec:
    """A quantity, by its digits where most values would lie on one spot."""
    figures, axis = column["statistics"], quantity(column)
    low, middle, high = figures["min"], figures["median"], figures["max"]
    if low <= 0 or high < TIMES_THE_LEAST * low or high < TIMES_THE_MEDIAN * middle:
        return axis
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    # A billion is B for readers, not the G of physics; what is below 1 is written out.
    form = "replace(format(datum.value, '~s'), 'G', 'B')" if low >= 1 else "datum.label"
    return {
        **axis,
        "title": f"{axis['title']}, logarithmic",
        "scale": {"type": "log"},
        "axis": {"values": [float(f"1e{power}") for power in powers], "labelExpr": form}
        | ({} if low >= 1 else {"format": "~g"}),
    }


def coloured(column: ColumnProfile) -> Spec:
    return {"field": field(column), "type": "nominal", "title": label(column)}


def _near_zero(column: ColumnProfile) -> bool:
    """Whether an axis from zero wastes less than a third of its length."""
    low, high = column["statistics"]["min"], column["statistics"]["max"]
    return bool(0 <= low <= high / 3)


def _span(column: ColumnProfile) -> float:
    return float(column["statistics"]["max"] - column["statistics"]["min"])
