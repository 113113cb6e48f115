"""What a column's numbers become: its kind, its bins, its statistics.

Pure arithmetic on what the queries of ``profile`` bring back, by the rules of
the Hugging Face dataset viewer (``statistics_utils.py`` there): at most ten
bins, left-closed, the last one closed on both sides; integer bins of whole
width; a string column is a label when its values repeat enough. Unlike there,
floats are not rounded to five places, so that small quantities keep theirs.

A *measure* is the number that stands for a value in every statistic: the value
itself, a string's or list's length, the days since 1970 of a date, the seconds
since 1970 of a datetime, the seconds since midnight of a time.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

BINS = 10
LABEL_PROPORTION = 0.2
LABEL_UNIQUE = 1000
# A category nobody could print in a legend is text, whatever its count.
LABEL_LENGTH = 200
PROPORTION_DECIMALS = 5

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT_KINDS = frozenset({"date", "datetime", "time"})


def is_label(unique: int, rows: int, longest: int) -> bool:
    """Whether a string column of ``unique`` values in ``rows`` rows is a category."""
    if longest > LABEL_LENGTH:
        return False
    return unique <= BINS or (unique <= LABEL_UNIQUE and unique <= LABEL_PROPORTION * rows)


def integer_edges(low: int, high: int) -> list[int]:
    """At most eleven edges from ``low`` to ``high``, a whole number apart."""
    width = -(-(high - low + 1) // BINS)
    return [*range(low, high + 1, width), high]


def float_edges(low: float, high: float) -> list[float]:
    """At most eleven edges from ``low`` to ``high``, evenly apart and strictly rising
    (``[low, low]`` for a constant)."""
    if low == high:
        return [low, high]
    width = high / BINS - low / BINS  # a difference first could overflow
    edges = [low]
    for position in range(1, BINS):
        edge = low + position * width
        if edges[-1] < edge < high:
            edges.append(edge)
    return [*edges, high]


def bin_edges(kind: str, low: float, high: float) -> list[Any]:
    """The edges for a column of ``kind`` whose measures run from ``low`` to ``high``."""
    return float_edges(low, high) if kind == "float" else integer_edges(int(low), int(high))


def missing(nan_count: int, rows: int) -> dict[str, Any]:
    """The two facts that every type carries."""
    proportion = round(nan_count / rows, PROPORTION_DECIMALS) if rows else 0.0
    return {"nan_count": nan_count, "nan_proportion": proportion}


def distribution(
    kind: str, numbers: dict[str, Any], histogram: dict[str, Any] | None
) -> dict[str, Any]:
    """The numeric set over measures, or its text form for moments.

    ``numbers`` has ``min``, ``max``, ``mean``, ``median`` and ``std``; whatever
    is not finite (or undefined, as the deviation of one value) is None.
    """
    figures = {name: _finite(numbers.get(name)) for name in ("min", "max", "mean", "median", "std")}
    if kind not in MOMENT_KINDS:
        return {**figures, "histogram": histogram}
    written = _writer(kind)
    moments: dict[str, Any] = {
        name: None if value is None else written(value) for name, value in figures.items()
    }
    moments["std"] = None if figures["std"] is None else str(_span(kind, figures["std"]))
    if histogram is not None:
        histogram = {**histogram, "bin_edges": [written(edge) for edge in histogram["bin_edges"]]}
    return {**moments, "histogram": histogram}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _writer(kind: str) -> Callable[[float], str]:
    def written(measure: float) -> str:
        moment = EPOCH + _span(kind, math.floor(measure))
        if kind == "date":
            return moment.date().isoformat()
        if kind == "time":
            return moment.time().isoformat("seconds")
        return moment.replace(tzinfo=None).isoformat(" ", "seconds")

    return written


def _span(kind: str, measure: float) -> timedelta:
    return timedelta(days=measure) if kind == "date" else timedelta(seconds=measure)
