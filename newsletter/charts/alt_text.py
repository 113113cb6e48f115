"""Says in a sentence what a chart shows, for those who do not see it."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.charts.labels import label, lowered
from newsletter.charts.spec_rules import encoded

MARKS = {
    "line": "Line chart",
    "area": "Area chart",
    "trail": "Line chart",
    "bar": "Bar chart",
    "tick": "Strip plot",
    "boxplot": "Box plot",
    "circle": "Scatter plot",
    "point": "Scatter plot",
    "square": "Scatter plot",
    "rect": "Heat map",
    "arc": "Pie chart",
    "geoshape": "Map",
}
NAMED = 5


def alt_text(spec: Mapping[str, Any], profile: Mapping[str, Any], dataset_title: str) -> str:
    """One or two sentences: the kind of chart, what it shows, and over which range.

    ``profile`` is the profile of the table that the chart draws. A ``description``
    in the spec is its author's own words and stands.
    """
    if description := str(spec.get("description", "")).strip():
        return description
    columns = {column["name"]: column for column in profile["columns"]}
    encoding = _encoding(spec)
    shown = [columns[name] for name in encoded(spec) if name in columns]
    colour = _named(encoding.get("color"), columns)
    axes = [column for column in shown if column is not colour]
    text = _kind(spec, encoding)
    if axes:
        text += " of " + _joined([_described(column) for column in _result_first(axes, encoding)])
    if colour:
        text += f", coloured by {lowered(label(colour))}{_values(colour)}"
    return f"{text}. Data: {dataset_title.rstrip('.')}, {_rows(profile['rows'])}."


def _kind(spec: Mapping[str, Any], encoding: Mapping[str, Any]) -> str:
    mark = _first_view(spec).get("mark", "")
    name = mark.get("type", "") if isinstance(mark, Mapping) else str(mark)
    x = encoding.get("x")
    if name == "bar" and isinstance(x, Mapping) and x.get("bin"):
        return "Histogram"
    if name == "circle" and isinstance(x, Mapping) and "°" in str(x.get("axis")):
        return "Map of dots"
    return MARKS.get(name, "Chart")


def _result_first(
    axes: Sequence[Mapping[str, Any]], encoding: Mapping[str, Any]
) -> Sequence[Mapping[str, Any]]:
    """The y axis before the x axis, as one says it: temperature by year."""
    y = encoding.get("y")
    upper = y.get("field") if isinstance(y, Mapping) else None
    return sorted(axes, key=lambda column: column["name"] != upper)


def _described(column: Mapping[str, Any]) -> str:
    statistics = column["statistics"]
    words = lowered(label(column))
    if "frequencies" in statistics:
        return words + _values(column)
    low, high = statistics.get("min"), statistics.get("max")
    if low is None or column["kind"] in {"string_text", "list"}:
        return words
    return f"{words} from {_figure(low)} to {_figure(high)}"


def _values(column: Mapping[str, Any]) -> str:
    values = list(column["statistics"].get("frequencies", ()))
    if not values:
        return ""
    if len(values) > NAMED:
        return f" ({len(values)} values)"
    return f" ({_joined(values)})"


def _figure(value: Any) -> str:
    if isinstance(value, str):
        return value.split(" ")[0]
    return f"{value:.4g}" if isinstance(value, float) and abs(value) < 10_000 else f"{value:.0f}"


def _encoding(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    shared: dict[str, Any] = {**spec.get("encoding", {})}
    return {**_first_view(spec).get("encoding", {}), **shared}


def _first_view(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first single view of a spec of several."""
    for key in ("layer", "concat", "hconcat", "vconcat"):
        if spec.get(key):
            return _first_view(spec[key][0])
    return _first_view(spec["spec"]) if "spec" in spec else spec


def _named(channel: Any, columns: Mapping[str, Any]) -> Mapping[str, Any] | None:
    name = channel.get("field") if isinstance(channel, Mapping) else None
    column: Mapping[str, Any] | None = columns.get(name) if isinstance(name, str) else None
    return column


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
