"""Which statistics of a column moved, by the two profiles."""

from collections.abc import Mapping
from itertools import starmap
from typing import Any

from newsletter.tables.diff.values import Moved

COMPARED = ("min", "median", "mean", "max", "std")
EXACT, ESTIMATED = 1e-9, 0.03  # how much apart they may be, of the larger one


def moved(
    columns: Mapping[str, str], before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Moved, ...]:
    """The statistics that differ in two profiles (see ``tables.profiling.profile``), of the
    ``columns`` that both have: each name now, and what it was before."""
    older = {column["name"]: column for column in before.get("columns", ())}
    newer = {column["name"]: column for column in after.get("columns", ())}
    estimated = before.get("approximate") or after.get("approximate")
    tolerance = ESTIMATED if estimated else EXACT
    return tuple(
        move
        for name, old_name in columns.items()
        if name in newer and old_name in older
        for move in starmap(Moved, _moved(name, older[old_name], newer[name]))
        if _differ(move.before, move.after, tolerance)
    )


def _moved(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, float | None, float | None]]:
    counts = [(name, "missing", before["nan_count"], after["nan_count"])]
    if before["kind"] != after["kind"] or before["kind"] not in {"int", "float"}:
        return counts
    old, new = before["statistics"], after["statistics"]
    return counts + [(name, what, old.get(what), new.get(what)) for what in COMPARED]


def _differ(before: float | None, after: float | None, tolerance: float) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(before - after) > tolerance * max(abs(before), abs(after))
