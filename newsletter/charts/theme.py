"""How every chart looks: quiet grid, few colours, white background for light mail."""

import json
import re
from collections.abc import Mapping
from typing import Any

PALETTE = ("#1f6f8b", "#d1495b", "#edae49", "#66a182", "#2e4057")
# The first that the machine has; Vega's own fall-back is the last.
FONTS = "Inter, Helvetica Neue, Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif"
# The faces above lack most signs beyond these; the renderer would borrow a serif one for
# the whole line, so that a title with CO₂ in it would look like no other.
FAMILIAR = re.compile(r"[\u0000-\u024f\u2010-\u2027\u20ac°]*")
WIDE_FONTS = f"DejaVu Sans, Noto Sans, {FONTS}"
INK = "#1f2933"
QUIET = "#52606d"
GRID = "#e4e7eb"

THEME: dict[str, Any] = {
    "background": "#ffffff",
    "padding": {"left": 8, "top": 12, "right": 16, "bottom": 8},
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 17,
        "fontWeight": "bold",
        "subtitleColor": QUIET,
        "subtitleFontSize": 13,
        "offset": 14,
        "frame": "bounds",
    },
    "axis": {
        "domain": False,
        "domainColor": "#9aa5b1",
        "ticks": False,
        "gridColor": GRID,
        "labelColor": QUIET,
        "labelFontSize": 12,
        "labelPadding": 6,
        "titleColor": QUIET,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titlePadding": 10,
    },
    "axisNominal": {"grid": False},
    "axisBand": {"grid": False},
    "axisPoint": {"grid": False},
    "axisYBand": {"labelLimit": 250},
    "axisYPoint": {"labelLimit": 250},
    "axisQuantitative": {"tickCount": 6},
    "axisTemporal": {"grid": False, "domain": True},
    "legend": {
        "orient": "top",
        "direction": "horizontal",
        "labelColor": INK,
        "labelFontSize": 12,
        "titleColor": QUIET,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "titleOrient": "left",
        "symbolOpacity": 1,
        "symbolSize": 80,
        "columnPadding": 18,
        "labelLimit": 150,
        "offset": 8,
    },
    "range": {"category": list(PALETTE)},
    "mark": {"color": PALETTE[0]},
    "bar": {"cornerRadiusEnd": 2},
    "boxplot": {"median": {"color": "#ffffff"}, "rule": {"color": QUIET}, "ticks": False},
    "line": {"strokeCap": "round", "strokeJoin": "round"},
}


def theme(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The config for a spec: its own, if any, goes before it."""
    titles = json.dumps(spec, ensure_ascii=False, default=str)
    return {**THEME, "font": FONTS if FAMILIAR.fullmatch(titles) else WIDE_FONTS}
