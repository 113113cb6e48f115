"""A column's profile in one short line, and as the bars of a very small chart."""

from collections.abc import Mapping
from typing import Any

NAMED_VALUES = 3
LONGEST_VALUE = 24


def summary(column: Mapping[str, Any], unit: str | None = None) -> str:
    """What one needs to know of a column at a glance, from its profile.

    "172–231 mm, mean 201", "3 values: Adelie 44 %, Gentoo 36 %, Chinstrap 20 %",
    "1749–2008", each with ", 1 % missing" where something is.
    """
    if column["nan_proportion"] == 1:
        return "all missing"
    parts = [_gist(column, unit or column.get("unit"))]
    if missing := column["nan_proportion"]:
        parts.append(f"{_percent(missing)} missing")
    return ", ".join(part for part in parts if part)


def sparkline(column: Mapping[str, Any]) -> list[int]:
    """Heights from 0 to 100 of the bars of its histogram or its commonest values; none if it
    has neither. A bar that counts anything is at least 1 high."""
    statistics = column["statistics"]
    histogram = statistics.get("histogram")
    counts = histogram["hist"] if histogram else _commonest(statistics.get("frequencies", {}))
    tallest = max(counts, default=0)
    return [max(round(100 * count / tallest), 1) if count else 0 for count in counts]


def _gist(column: Mapping[str, Any], unit: str | None) -> str:
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
    return text if low == high or mean is None else f"{text}, mean {_figure(mean)}"


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
    shares = ", ".join(f"{_short(value)} {_percent(count / total)}" for value, count in named)
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
    """Three or four figures, as one would say it."""
    size = abs(number)
    if isinstance(number, int) or size >= 100:
        return f"{number:,.0f}" if size < 1e15 else f"{number:.3g}"
    if size and size < 0.001:
        return f"{number:.2g}"
    places = 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{number:.{places}f}".rstrip("0").rstrip(".")


def _percent(share: float) -> str:
    if 0 < share < 0.005:
        return "under 1\N{NO-BREAK SPACE}%"
    if 0.995 <= share < 1:
        return "over 99\N{NO-BREAK SPACE}%"
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _short(value: str) -> str:
    value = " ".join(value.split()) or "(empty)"
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1].rstrip() + "…"


def _commonest(frequencies: Mapping[str, int]) -> list[int]:
    return sorted(frequencies.values(), reverse=True)[:10]
