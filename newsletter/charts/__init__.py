"""Charts: a default for any table, a curator's own checked, both drawn without a browser."""

from newsletter.charts.alt_text import alt_text
from newsletter.charts.default_chart import Proposal, default_chart, proposals
from newsletter.charts.draw import MAX_ROWS, Artist, render, render_png
from newsletter.charts.spec_rules import chart_problems, fields
from newsletter.charts.specs import SAMPLED_ROWS

__all__ = [
    "MAX_ROWS",
    "SAMPLED_ROWS",
    "Artist",
    "Proposal",
    "alt_text",
    "chart_problems",
    "default_chart",
    "fields",
    "proposals",
    "render",
    "render_png",
]
