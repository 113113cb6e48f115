"""A column's profile in one short line, and as the bars of a very small chart."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

NAMED_VALUES = 3
LONGEST_VALUE = 24
IDS = 1e15  # numbers as long as these are names: their mean tells nothing


def summary(column: Mapping[str, Any], unit: str | None = None) -> str:
    """What one needs to know of a column at a glance, from its profile.

    "172–231 mm, mean 201", "3 values: Adelie 44 %, Gentoo 36 %, Chinstrap 20 %",
    "1749–2008", each with ", 1 % missing" where something is.
    """
    if column["nan_proportion"] == 1:
        return "all missing"
    parts = [gist(column, unit or column.get("unit"))]
    if missing := column["nan_proportion"]:
        parts.append(f"{share(missing)} missing")
    return ", ".join(part for part in parts if part)


def sparkline(column: Mapping[str, Any]) -> list[int]:
    """Heights from 0 to 100 of the bars of its histogram or its commonest values; none if it
    has neither. A bar that counts anything is at least 1 high."""
    statistics = column["statistics"]
    histogram = statistics.get("histogram")
    counts = histogram["hist"] if histogram else _commonest(statistics.get("frequencies", {}))
    tallest = max(counts, default=0)
    return [max(round(100 * count / tallest), 1) if count else 0 for count in counts]


def landmarks(column: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """The least, the median and the greatest value of numbers and moments, as one would say
    them; None for other columns."""
    statistics, kind = column["statistics"], column["kind"]
    if kind not in {"int", "float", "date", "datetime", "time"} or statistics.get("min") is None:
        return None
    values = [statistics["min"], statistics["median"], statistics["max"]]
    if kind in {"date", "datetime", "time"}:
        moments = [str(value) for value in values]
        if all(value.endswith(" 00:00:00") for value in (moments[0], moments[2])):
            moments = [value[:10] for value in moments]
        return moments[0], moments[1], moments[2]
    say = _year if _counts_years(column) else _figure
    return say(values[0]), say(values[1]), say(values[2])


def bins(column: Mapping[str, Any]) -> list[str]:
    """What each bar of ``sparkline`` stands for: "172–178: 20 rows"."""
    statistics = column["statistics"]
    if histogram := statistics.get("histogram"):
        edges = [_edge(edge, column) for edge in histogram["bin_edges"]]
        counts = histogram["hist"]
        names = [_span(low, high) for low, high in pairwise(edges)]
    else:
        common = sorted(statistics.get("frequencies", {}).items(), key=lambda pair: -pair[1])[:10]
        names, counts = [_short(name) for name, _ in common], [count for _, count in common]
    return [f"{name}: {count:,}" for name, count in zip(names, counts, strict=False)]


def share(part: float) -> str:
    """ "3 %", and never 0 or 100 of what is neither."""
    if 0 < part < 0.005:
        return "under 1\N{NO-BREAK SPACE}%"
    if 0.995 <= part < 1:
        return "over 99\N{NO-BREAK SPACE}%"
    return f"{100 * part:.0f}\N{NO-BREAK SPACE}%"


def _edge(edge: Any, column: Mapping[str, Any]) -> str:
    if isinstance(edge, str):
        return edge.removesuffix(" 00:00:00")
    return _year(edge) if _counts_years(column) else _figure(edge)


def _year(number: float) -> str:
    return f"{number:.0f}"


def gist(column: Mapping[str, Any], unit: str | None = None) -> str:
    """The same without what is missing; empty where nothing is there."""
    statistics, kind = column["statistics"], column["kind"]
    if "frequencies" in statistics:
        return _shares(statistics["frequencies"])
    if statistics.get("min") is None:
        return ""
    if kind in {"int", "float"}:
        return _numbers(column, unit)
    if kind in {"date", "datetime", "time"}:
        return _span(*_shortened(statistics["min"], statistics["max"]))
    noun = "characters" if kind == "string_text" else "items"
    lengths = _span(str(statistics["min"]), str(statistics["max"]))
    return f"{column['unique']:,} different, {lengths} {noun}"


def _numbers(column: Mapping[str, Any], unit: str | None) -> str:
    statistics = column["statistics"]
    low, high, mean = statistics["min"], statistics["max"], statistics["mean"]
    if _counts_years(column):
        return _span(str(low), str(high))
    of_unit = f" {unit}" if unit else ""
    text = _span(_figure(low), _figure(high)) + of_unit
    is_counted = mean is not None and abs(mean) < IDS
    return f"{text}, mean {_figure(mean)}" if low != high and is_counted else text


def _counts_years(column: Mapping[str, Any]) -> bool:
    if column["kind"] != "int":
        return False
    statistics = column["statistics"]
    is_named = column["name"].lower().endswith("year")
    in_range = 0 < statistics["min"] <= statistics["max"] < 3000
    return is_named and bool(in_range)


def _shares(frequencies: Mapping[str, int]) -> str:
    total = sum(frequencies.values())
    named = sorted(frequencies.items(), key=lambda pair: -pair[1])[:NAMED_VALUES]
    shares = ", ".join(f"{_short(value)} {share(count / total)}" for value, count in named)
    if len(frequencies) == 1:
        return f"always {_short(named[0][0])}"
    return f"{len(frequencies)} values: {shares}" + (
        ", …" if len(frequencies) > NAMED_VALUES else ""
    )


def _shortened(first: str, last: str) -> tuple[str, str]:
    """Two moments without the parts that say nothing: midnights, and days over many years."""
    if first.endswith(" 00:00:00") and last.endswith(" 00:00:00"):
        first, last = first[:10], last[:10]
    years = first[:4], last[:4]
    if years[0].isdecimal() and years[1].isdecimal() and int(years[1]) - int(years[0]) >= 2:
        return years
    return first, last


def _span(low: str, high: str) -> str:
    if low == high:
        return low
    # A dash between two ISO dates or after a minus needs air.
    dash = " – " if "-" in low or "-" in high else "–"
    return f"{low}{dash}{high}"


def _figure(number: float) -> str:
    """Three or four figures, as one would say it; a whole number is whole."""
    if isinstance(number, int):  # exactly: it may be an id
        return f"{number:,}"
    size = abs(number)
    if size >= 100:
        return f"{number:,.0f}" if size < 1e15 else f"{number:.3g}"
    if size and size < 0.001:
        return f"{number:.2g}"
    places = 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{number:.{places}f}".rstrip("0").rstrip(".")


def _short(value: str) -> str:
    value = " ".join(value.split()) or "(empty)"
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1].rstrip() + "…"


def _commonest(frequencies: Mapping[str, int]) -> list[int]:
    return sorted(frequencies.values(), reverse=True)[:10]
