"""Which columns of text are numbers whose thousands are marked."""

from collections.abc import Sequence

from newsletter.tables.reading.staging import SOURCE
from newsletter.tables.reading.type_rules import GROUPINGS, Grouping
from newsletter.tables.reading.type_trials import WIDE, Trials

Marked = list[tuple[int, Grouping]]  # the column's place, and how they are


def marked_first(trials: Trials, places: Sequence[int]) -> Marked:
    """How the thousands of the columns at ``places`` may be marked, as far as the first rows
    tell."""
    groupings = [g for g in GROUPINGS if trials.decimal in {None, g.decimal}]
    all_hold = [f"bool_and({_of(g.holds, 'v')})" for g in groupings]
    rows = trials.ask_cells(all_hold, places, first=True)
    return [
        (at, grouping)
        for at, *verdicts in sorted(rows)
        for grouping, holds in zip(groupings, verdicts, strict=True)
        if holds is not False
    ]


def marked(trials: Trials, places: Sequence[int]) -> dict[int, Grouping]:
    """How the thousands of the columns at ``places`` are marked, where they surely are.

    ``1,234`` alone may be one and a bit, and ``110 001`` a place, so the values
    differ in how many marks they have, or have decimals too.
    """
    candidates, groupings = marked_first(trials, places), dict[int, Grouping]()
    for start in range(0, len(candidates), WIDE):
        batch = candidates[start : start + WIDE]
        all_hold = ", ".join(f"bool_and({_of(g.holds, f'c{at}')})" for at, g in batch)
        row = trials.row(f"SELECT {all_hold} FROM {SOURCE}")  # noqa: S608
        for (at, grouping), holds in zip(batch, row, strict=True):
            if holds is not False and at not in groupings and _is_sure(trials, grouping, at):
                groupings[at] = grouping
    return groupings


def _is_sure(trials: Trials, grouping: Grouping, at: int) -> bool:
    groups = _of(grouping.groups, f"c{at}")
    has_decimals = f"contains(c{at}, '{grouping.decimal}')"
    most, least, both = trials.row(
        f"SELECT max({groups}), min({groups}), coalesce(bool_or({has_decimals}), false)"  # noqa: S608
        f" FROM {SOURCE} WHERE c{at} IS NOT NULL"
    )
    if most == 0:
        return False
    if "," in grouping.marks or "." in grouping.marks:
        return bool(both or most > 1 or trials.decimal)
    return bool(both or most > least or trials.decimal)


def _of(template: str, value: str) -> str:
    return template.replace("$v", value)
