"""Which columns of a wide table a mail has room for: those that tell most. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.catalog.describe.facts import ColumnFacts

MOSTLY = 0.5  # of the values
LONG_TEXT = 60  # characters, on average


def telling(columns: Sequence[ColumnFacts], most: int) -> list[int]:
    """The places of at most ``most`` columns, in their order. The first ones, but what is empty,
    always the same, mostly missing or long comes only where nothing better is left."""
    places = sorted(range(len(columns)), key=lambda at: (_dullness(columns[at].profile), at))
    return sorted(places[:most])


def _dullness(profile: Mapping[str, Any] | None) -> int:
    """0 of a column that tells something, more of others."""
    if not profile:
        return 0
    statistics: Mapping[str, Any] = profile.get("statistics", {})
    if profile.get("unique", 2) < 2:  # the same everywhere, or nothing at all
        return 3
    if profile.get("nan_proportion", 0) > MOSTLY:
        return 2
    is_long = profile.get("kind") == "string_text" and (statistics.get("mean") or 0) > LONG_TEXT
    return int(is_long)
