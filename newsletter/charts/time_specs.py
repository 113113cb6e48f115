"""The charts of what happened over time: lines, dots and counted rows, as Vega-Lite."""

from collections.abc import Sequence
from datetime import date

from newsletter.charts.column_roles import ColumnProfile, Roles, is_year
from newsletter.charts.labels import label, lowered
from newsletter.charts.specs import (
    FEW_ROWS,
    HEIGHT,
    SAMPLED_ROWS,
    Spec,
    coloured,
    count,
    dots,
    field,
    of_a_sample,
    quantity,
)

# A line of more moments is drawn finer, and of still more as averages.
FINE = 300
TICK_FORMATS = {
    "yearmonthdatehours": "%-d %b",
    "yearmonthdate": "%b %Y",
    "yearmonth": "%b %Y",
    "year": "%Y",
}
MOST_MOMENTS = 3_000
A_FEW_YEARS = 5 * 365  # days
MOST_STEPS = 60  # of time in which rows are counted
ENOUGH_ROWS = 100  # of a sample, for the mean of a step
FEWEST_ROWS = 20  # of a sample: the mean of less is left out
FULL, CROWDED = 0.6, 1.1  # rows for each moment of each group


def line_spec(roles: Roles, time: ColumnProfile, number: ColumnProfile) -> Spec:
    """A number over time: itself where each moment, of each group, has one; else its mean."""
    unit = _time_unit(roles, time)
    x, y = _moment(time), quantity(number)
    if unit:
        x |= _by(unit, time)
    is_itself = has_one_a_moment(roles, time)
    if unit or not is_itself:
        y |= _mean(label(number))
    encoding: Spec = {"x": x, "y": y}
    if roles.colour and is_itself and time["unique"] != roles.rows:
        encoding["color"] = coloured(roles.colour)
    is_estimated = unit is not None and not is_itself and roles.rows > SAMPLED_ROWS
    return {
        **(_without_scarce(time, unit) if is_estimated and unit else {}),
        "height": HEIGHT,
        "mark": {"type": "line", "strokeWidth": 1.2 if time["unique"] > FINE and not unit else 2},
        "encoding": encoding,
    }


def months_spec(time: ColumnProfile, months: Sequence[ColumnProfile]) -> Spec:
    """The mean of a year's months, which are columns of their own."""
    names = [column["name"] for column in months]
    title = f"Mean of {label(months[0])} to {label(months[-1])}"
    y = {"field": "value", "type": "quantitative", **_mean(""), "title": title}
    return {
        "transform": [{"fold": names}],
        "height": HEIGHT,
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {"x": _moment(time), "y": y},
    }


def dots_spec(roles: Roles, time: ColumnProfile, number: ColumnProfile) -> Spec:
    """A number of things that each have a moment: no line leads from one to the next."""
    encoding: Spec = {"x": _moment(time), "y": quantity(number)}
    if roles.colour:
        encoding["color"] = coloured(roles.colour)
    return {"height": HEIGHT, "mark": dots(roles), "encoding": encoding}


def events_spec(roles: Roles, time: ColumnProfile) -> Spec:
    """How many rows there are of each day, month or year."""
    x = _moment(time)
    if is_year(time):
        x |= {"bin": {"step": 1}}
    else:
        unit = _event_unit(time)
        x |= _by(unit, time)
    return {
        **of_a_sample(roles.rows),
        "height": HEIGHT,
        "mark": {"type": "bar"},
        "encoding": {"x": x, "y": count(roles.rows)},
    }


def has_one_a_moment(roles: Roles, time: ColumnProfile) -> bool:
    """Whether each moment has one row, or one of each group that has a colour."""
    if time["unique"] == roles.rows:
        return True
    groups = roles.colour["unique"] if roles.colour else 1
    return bool(FULL <= roles.rows / (time["unique"] * groups) <= CROWDED)


def _mean(title: str) -> Spec:
    return {"aggregate": "mean", "title": f"Mean of {lowered(title)}", "scale": {"zero": False}}


def _without_scarce(time: ColumnProfile, unit: str) -> Spec:
    """Leaves out the steps of which a sample has next to nothing."""
    return {
        "transform": [
            {"timeUnit": unit, "field": field(time), "as": "step"},
            {"joinaggregate": [{"op": "count", "as": "in_step"}], "groupby": ["step"]},
            {"filter": f"datum.in_step >= {FEWEST_ROWS}"},
        ]
    }


def _by(unit: str, time: ColumnProfile) -> Spec:
    form = TICK_FORMATS[unit]
    if unit != "yearmonthdatehours":
        days = _days(time)
        form = "%-d %b" if days <= 2 * MOST_STEPS else "%b %Y" if days < A_FEW_YEARS else "%Y"
    return {"timeUnit": unit, "axis": {"tickCount": 6, "format": form}}


def _event_unit(time: ColumnProfile) -> str:
    days = _days(time)
    counts = {"yearmonthdate": days, "yearmonth": days / 30}
    return next((unit for unit, steps in counts.items() if steps <= MOST_STEPS), "year")


def _days(time: ColumnProfile) -> int:
    first, last = (time["statistics"][end][:10] for end in ("min", "max"))
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def _time_unit(roles: Roles, time: ColumnProfile) -> str | None:
    """What to average over where there are more moments than pixels to draw them, or than a
    sample has rows for."""
    is_scarce = roles.rows > SAMPLED_ROWS and not has_one_a_moment(roles, time)
    if is_year(time) or (time["unique"] <= MOST_MOMENTS and not is_scarce):
        return None
    days = _days(time)
    steps = zip(TICK_FORMATS, (days * 24, days, days / 30), strict=False)
    most = SAMPLED_ROWS // ENOUGH_ROWS if is_scarce else FEW_ROWS
    return next((unit for unit, count in steps if count <= most), "year")


def _moment(column: ColumnProfile) -> Spec:
    if is_year(column):
        scale = {"zero": False, "nice": False}
        axis = {"format": "d", "tickCount": 8, "grid": False, "domain": True}
        return {**quantity(column), "title": None, "scale": scale, "axis": axis}
    return {"field": field(column), "type": "temporal", "title": None, "axis": {"tickCount": 8}}
