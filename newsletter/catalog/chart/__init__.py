"""Charts: a default for any table, a curator's own checked, both drawn without a browser."""

from newsletter.catalog.chart.choice import default_chart
from newsletter.catalog.chart.draw import MAX_ROWS, Artist, render_png, render_svg
from newsletter.catalog.chart.rules import chart_problems, fields
from newsletter.catalog.chart.words import alt_text

__all__ = [
    "MAX_ROWS",
    "Artist",
    "alt_text",
    "chart_problems",
    "default_chart",
    "fields",
    "render_png",
    "render_svg",
]
