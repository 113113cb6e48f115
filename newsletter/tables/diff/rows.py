"""How the rows of two tables differ: by their key, or by all that they say."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from newsletter.tables.diff.sides import Pair, kinds, sides, value
from newsletter.tables.diff.values import RowChanges
from newsletter.tables.querying.table_cache import Cursor


def by_key(
    cursor: Cursor, before: Path, after: Path, pairs: Sequence[Pair], key: Sequence[str]
) -> RowChanges | None:
    """Rows matched by ``key``, names of the table ``after``; None if it is no key of both:
    a column is missing from one, a value missing, or two rows have the same."""
    names = [pair.after[0] for pair in pairs]
    if not key or not set(key) <= set(names):
        return None
    at = [names.index(name) for name in key]
    old, new = sides(cursor, before, after, pairs)
    if not (_is_key(cursor, old, before, at) and _is_key(cursor, new, after, at)):
        return None
    others = [place for place in range(len(pairs)) if place not in at]
    differs = [f"b.c{place} IS DISTINCT FROM a.c{place}" for place in others]
    both = "a.here = 1 AND b.here = 1"
    counted = [f"count(*) FILTER ({both} AND {condition})" for condition in differs]
    query = (
        f"SELECT count(*) FILTER (b.here IS NULL), count(*) FILTER (a.here IS NULL),"  # noqa: S608
        f" count(*) FILTER ({both} AND ({' OR '.join(differs) or 'false'}))"
        f"{''.join(f', {condition}' for condition in counted)}"
        f" FROM {old} AS b FULL JOIN {new} AS a"
        f" ON {' AND '.join(f'b.c{place} = a.c{place}' for place in at)}"
    )
    added, removed, changed, *cells = _row(cursor, query, before, after)
    changes = zip((names[place] for place in others), cells, strict=True)
    return RowChanges(added, removed, changed, tuple(pair for pair in changes if pair[1]))


def by_all(cursor: Cursor, before: Path, after: Path, pairs: Sequence[Pair]) -> RowChanges:
    """Rows as a multiset: one that is there twice more was added twice."""
    old, new = sides(cursor, before, after, pairs)
    columns = "".join(f", c{at}" for at in range(len(pairs)))
    query = (
        "SELECT coalesce(sum(greatest(more, 0)), 0), coalesce(sum(greatest(-more, 0)), 0) FROM"  # noqa: S608
        f" (SELECT sum(side) AS more{columns} FROM"
        f" (SELECT -here AS side{columns} FROM {old} UNION ALL"
        f" SELECT here AS side{columns} FROM {new})"
        f" GROUP BY {columns.removeprefix(', ')})"
    )
    added, removed = _row(cursor, query, before, after)
    return RowChanges(int(added), int(removed))


def sketches(
    cursor: Cursor, path: Path, names: Sequence[str], size: int
) -> dict[str, frozenset[int]]:
    """Of each column, the ``size`` least hashes of its different values."""
    types = kinds(cursor, path)
    sketch_of = {}
    for name in names:
        query = (
            f"SELECT DISTINCT hash(CAST({value(name, types[name])} AS VARCHAR)) AS h"  # noqa: S608
            f" FROM read_parquet(?) WHERE {value(name, types[name])} IS NOT NULL"
            " ORDER BY h LIMIT ?"
        )
        hashes = cursor.execute(query, [str(path), size]).fetchall()
        sketch_of[name] = frozenset(h for (h,) in hashes)
    return sketch_of


def _is_key(cursor: Cursor, side: str, path: Path, at: Sequence[int]) -> bool:
    key = ", ".join(f"c{place}" for place in at)
    missing = " OR ".join(f"c{place} IS NULL" for place in at)
    query = (
        f"SELECT count(*) = count(DISTINCT row({key})) AND count(*) FILTER ({missing}) = 0"  # noqa: S608
        f" FROM {side}"
    )
    (answer,) = _row(cursor, query, path)
    return bool(answer)


def _row(cursor: Cursor, query: str, *paths: Path) -> tuple[Any, ...]:
    row = cursor.execute(query, [str(path) for path in paths]).fetchone()
    assert row is not None  # noqa: S101 - aggregates alone: there is always one
    return tuple(row)
