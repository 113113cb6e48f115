"""Which column of one table is which of another, by name; and which may have been renamed."""

import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

SKETCH = 512  # hashes kept of a column's values
NAMES, VALUES = 0.4, 0.6  # how much each likeness counts
LIKELY = 0.6  # from here on a renaming is proposed
MOST_PAIRS = 400  # of a column gone and a column come that are looked at
TELLING = 5  # different values: fewer prove little when they are the same

Sketch = frozenset[int]


def renamed(
    gone: Sequence[str],
    come: Sequence[str],
    before: Mapping[str, Sketch],
    after: Mapping[str, Sketch],
) -> list[tuple[str, str]]:
    """Pairs of a name of ``gone`` and its likely new name among ``come``, the likeliest first.

    ``before`` and ``after`` are the sketches of their values: the ``SKETCH`` least hashes.
    """
    if len(gone) * len(come) > MOST_PAIRS:
        return []
    likely = sorted(
        ((-likeness(old, new, before[old], after[new]), old, new) for old in gone for new in come),
    )
    pairs: list[tuple[str, str]] = []
    for score, old, new in likely:
        taken = any(old == one or new == other for one, other in pairs)
        if -score >= LIKELY and not taken:
            pairs.append((old, new))
    return pairs


def likeness(old: str, new: str, before: Sketch, after: Sketch) -> float:
    """From 0 to 1: how alike two columns' names and values are."""
    names = SequenceMatcher(None, _plain(old), _plain(new), autojunk=False).ratio()
    return NAMES * names + VALUES * _overlap(before, after)


def _overlap(before: Sketch, after: Sketch) -> float:
    """The share of values that both have, estimated from their least hashes (bottom-k)."""
    least = sorted(before | after)[:SKETCH]
    if not least:
        return 0.0
    shared = sum(1 for digest in least if digest in before and digest in after)
    return shared / len(least) * min(1.0, len(least) / TELLING)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.casefold())
