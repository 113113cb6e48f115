"""A chart as one Vega-Lite document with its rows: what a browser draws, with tooltips."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.charts.specs import SCHEMA
from newsletter.charts.theme import theme

# A line has no marks to point at: invisible ones.
UNSEEN = {"opacity": 0, "fillOpacity": 0, "strokeOpacity": 0}
POINTED_AT = {"mark": {"tooltip": True}, "line": {"point": UNSEEN}}


def interactive(spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``spec`` with ``rows``, which are fit for JSON, the theme, and tooltips.

    One view is as wide as its place on the page.
    """
    config = _merged(_merged(theme(spec), POINTED_AT), spec.get("config") or {})
    fitted: dict[str, Any] = {}
    if "mark" in spec or "layer" in spec:
        fitted = {"width": "container", "autosize": {"type": "fit-x", "contains": "padding"}}
    return {**spec, **fitted, "$schema": SCHEMA, "config": config, "data": {"values": list(rows)}}


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """``one`` with what ``other`` says, at any depth."""
    merged = dict(one)
    for key, value in other.items():
        inner = merged.get(key)
        both = isinstance(inner, Mapping) and isinstance(value, Mapping)
        merged[key] = _merged(inner, value) if both else value  # type: ignore[arg-type]
    return merged
