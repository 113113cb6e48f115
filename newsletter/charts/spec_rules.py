"""What a curator's own Vega-Lite spec may hold, and which columns it reads."""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

MAX_SPEC_BYTES = 100_000
MAX_SIDE_PX = 2_000
MAX_DEPTH = 40
# Each makes a drawing fetch something, or the picture lead somewhere.
FORBIDDEN_KEYS = frozenset({"url", "href", "loader", "signals", "embedOptions", "__proto__"})
# All of Vega-Lite's but image, which fetches.
MARKS = (
    "arc", "area", "bar", "boxplot", "circle", "errorband", "errorbar", "geoshape", "line",
    "point", "rect", "rule", "square", "text", "tick", "trail",
)  # fmt: skip
VIEWS = ("mark", "layer", "concat", "hconcat", "vconcat", "facet", "repeat", "spec")
FIRST_STEP = re.compile(r"(?:\\.|[^.\[\\])+")


def chart_problems(spec: object, columns: Collection[str] | None = None) -> list[str]:
    """What is wrong with a Vega-Lite spec, one sentence each; empty if it can be drawn.

    With ``columns``, also the fields it encodes that the table does not have.
    """
    if not isinstance(spec, Mapping):
        return ["A chart is a Vega-Lite specification: a mapping with a mark and an encoding."]
    if problem := _size_problem(spec):
        return [problem]
    problems = [
        f"Leave out {key!r}: a chart draws the table's own rows and fetches nothing."
        for key in sorted({key for key, _ in _pairs(spec)} & FORBIDDEN_KEYS)
    ]
    schema = spec.get("$schema", "vega-lite")
    if "vega-lite" not in str(schema):
        problems.append("The $schema must be Vega-Lite's: full Vega is not drawn here.")
    if not any(view in spec for view in VIEWS):
        problems.append("Name a mark, such as line or bar, or a layer of marks.")
    if "data" in spec or "datasets" in spec:
        problems.append("Leave out data: the rows come from the table.")
    problems += [
        f"Keep the {key} at {MAX_SIDE_PX} pixels or less."
        for key, value in _pairs(spec)
        if key in {"width", "height"}
        and isinstance(value, int | float)
        and not 0 < value <= MAX_SIDE_PX
    ]
    problems += [
        f"There is no mark {name!r} here: use one of {', '.join(MARKS)}."
        for name in _marks(spec)
        if name not in MARKS
    ]
    # A pivot makes columns of values, which only the rows know.
    if columns is not None and not _values(spec, "pivot"):
        problems += [
            f"The table has no column {name!r}: correct the field."
            for name in encoded(spec)
            if name not in columns and name not in _made(spec)
        ]
    return problems


def fields(spec: Mapping[str, Any], columns: Collection[str]) -> list[str]:
    """Which of a table's ``columns`` the spec reads, in their order: those whose rows it needs.

    A name counts wherever it stands, in an encoding, a transform or an
    expression: a column too many costs little, a missing one the chart.
    """
    texts = [text.replace("\\", "") for text in _texts(spec)]
    return [name for name in columns if any(_mentions(text, name) for text in texts)]


def encoded(spec: Mapping[str, Any]) -> list[str]:
    """The fields that a spec's encodings show, in their order, each once."""
    named = [
        _column(value)
        for encodings in _values(spec, "encoding")
        if isinstance(encodings, Mapping)
        for channel in encodings.values()
        for value in _values(channel, "field")
        if isinstance(value, str)
    ]
    return list(dict.fromkeys(named))


def _made(spec: Mapping[str, Any]) -> set[str]:
    """The fields that a spec's own transforms make."""
    made = {"key", "value", "density", "prob"}  # unless their "as" says otherwise
    for name in _values(spec, "as"):
        made.update(map(str, name) if isinstance(name, list) else [str(name)])
    return made


def _mentions(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _size_problem(spec: Mapping[str, Any]) -> str | None:
    try:
        if len(json.dumps(spec, default=str)) > MAX_SPEC_BYTES:
            return f"The chart is larger than {MAX_SPEC_BYTES // 1000} kB: leave out inline data."
    except (RecursionError, ValueError, TypeError):
        return "The chart cannot be written as JSON: use plain mappings, lists and text."
    if _depth(spec) > MAX_DEPTH:
        return "The chart is nested too deep: use fewer layers."
    return None


def _depth(value: Any) -> int:
    if isinstance(value, Mapping):
        return 1 + max((_depth(inner) for inner in value.values()), default=0)
    if isinstance(value, list):
        return 1 + max((_depth(inner) for inner in value), default=0)
    return 0


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key), inner
            yield from _pairs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _marks(spec: Mapping[str, Any]) -> list[str]:
    marks = _values(spec, "mark")
    # A config's "mark" holds settings for all of them and names none.
    named = [mark.get("type") if isinstance(mark, Mapping) else mark for mark in marks]
    return list(dict.fromkeys(map(str, filter(None, named))))


def _values(spec: Any, key: str) -> list[Any]:
    """What stands under ``key``, at any depth."""
    return [value for name, value in _pairs(spec) if name == key]


def _column(name: str) -> str:
    """The column that a field's path begins with, its escapes taken off."""
    first = FIRST_STEP.match(name)
    return re.sub(r"\\(.)", r"\1", first.group()) if first else name
