"""A diff as people read it: in one line, in a few lines, in a small table."""

from collections.abc import Iterator, Sequence

from newsletter.tables.diff.values import Change, Diff, Moved, TableDiff

COLUMNS_NAMED = 6  # one by one; of the others only how many
MOVED_SHOWN = 8

Line = tuple[str, str]  # what, and how it changed


def in_one_line(diff: Diff) -> str:
    """ "+312 rows, 1 column added"; of several tables their sums."""
    tables = diff.tables
    rows = [table.rows for table in tables if table.rows]
    parts = [
        _signed("+", sum(row.added for row in rows), "row"),
        _signed("−", sum(row.removed for row in rows), "row"),
        _done(sum(row.changed for row in rows), "row", "changed"),
        _done(sum(len(table.added) for table in tables), "column", "added"),
        _done(sum(len(table.removed) for table in tables), "column", "removed"),
        _done(sum(len(table.renamed) for table in tables), "column", "renamed"),
        _done(sum(len(table.retyped) for table in tables), "type", "changed"),
        _done(sum(len(table.units) for table in tables), "unit", "changed"),
        _done(len(diff.tables_added), "table", "added"),
        _done(len(diff.tables_removed), "table", "removed"),
    ]
    if any(table.rows is None for table in tables):
        parts.append("too large to compare row by row")
    return ", ".join(filter(None, parts)) or "the same data"


def facts(diff: Diff) -> list[Line]:
    """What changed, in the lines of a small table; of several tables, each with its name."""
    changes = [("Table added", name) for name in diff.tables_added]
    changes += [("Table removed", name) for name in diff.tables_removed]
    for table in diff.tables:
        several = len(diff.tables) > 1
        changes += [
            (f"{table.name}: {what}" if several else what, how) for what, how in lines(table)
        ]
    return changes or [("Data", "the same")]


def lines(table: TableDiff) -> Iterator[Line]:
    """What changed in one table but for its statistics."""
    before, after = table.rows_before, table.rows_after
    if table.rows is None:
        yield "Rows", f"{before:,} before, {after:,} now; too many to compare one by one"
    elif before != after or table.rows.added or table.rows.removed or table.rows.changed:
        yield "Rows", _of_rows(table)
    if table.rows and table.rows.columns:
        cells = [f"{name} in {count:,}" for name, count in table.rows.columns]
        yield "Values changed", _listed(cells)
    for what, names in (("Columns added", table.added), ("Columns removed", table.removed)):
        if names:
            yield what, _listed(names)
    if table.renamed:
        yield "Renamed, it seems", _listed([f"{c.before} to {c.after}" for c in table.renamed])
    if table.retyped:
        yield "Type changed", _listed([_from_to(c) for c in table.retyped])
    if table.units:
        yield "Unit changed", _listed([_from_to(c) for c in table.units])


def statistics(table: TableDiff) -> list[Moved]:
    """The statistics to show: those that moved, the mean and the extremes before the others."""
    order = ("missing", "min", "mean", "max", "median", "std")
    return sorted(table.moved, key=lambda move: order.index(move.statistic))[:MOVED_SHOWN]


def figure(value: float | None) -> str:
    """A statistic as one would say it."""
    if value is None:
        return "none"
    if isinstance(value, int):  # exactly: it may be an id
        return f"{value:,}"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def block(diff: Diff) -> list[str]:
    """All of it for a terminal, a line each."""
    width = max(len(what) for what, _ in facts(diff))
    text_lines = [f"{diff.before} to {diff.after}: {in_one_line(diff)}"]
    text_lines += [f"  {what:<{width}}  {how}" for what, how in facts(diff)]
    moves = [
        f"{move.column}: {move.statistic} {figure(move.before)} to {figure(move.after)}"
        for table in diff.tables
        for move in statistics(table)
    ]
    return text_lines + [
        f"  {'Moved' if not at else '':<{width}}  {m}" for at, m in enumerate(moves)
    ]


def _of_rows(table: TableDiff) -> str:
    rows = table.rows
    assert rows is not None  # noqa: S101 - lines() says the other
    parts = [
        _done(rows.added, "", "added"),
        _done(rows.removed, "", "removed"),
        _done(rows.changed, "", "changed"),
    ]
    changes = ", ".join(filter(None, parts))
    by = f", by {' and '.join(table.key)}" if table.key and rows.changed else ""
    return f"{table.rows_before:,} before, {table.rows_after:,} now: {changes}{by}"


def _from_to(change: Change) -> str:
    return f"{change.column} from {change.before or 'none'} to {change.after or 'none'}"


def _listed(words: Sequence[str]) -> str:
    shown = ", ".join(words[:COLUMNS_NAMED])
    more = len(words) - COLUMNS_NAMED
    return f"{shown} and {more:,} more" if more > 0 else shown


def _signed(sign: str, count: int, noun: str) -> str:
    return f"{sign}{_counted(count, noun)}" if count else ""


def _done(count: int, noun: str, verb: str) -> str:
    return f"{_counted(count, noun)} {verb}" if count else ""


def _counted(count: int, noun: str) -> str:
    if not noun:
        return f"{count:,}"
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
