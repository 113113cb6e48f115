"""Which rules the values of the columns of ``SOURCE`` keep: the first ones, or all."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

from newsletter.tables.reading.staging import SOURCE
from newsletter.tables.reading.type_rules import Grouping, Rule

SAMPLE_ROWS = 500
SAMPLE_CELLS = 100_000  # of a wide table fewer rows are looked at first
# Columns. Each step of an expression takes memory, so those of more are not asked side by side.
WIDE = 64
LONG = 250  # columns that are asked as one
COMMA_NUMBER = "-?[0-9]+(,[0-9]+)?"
# "1,234" may be a thousand and more; these have a decimal comma for sure.
SURE_COMMA = "-?[0-9]+,([0-9]{1,2}|[0-9]{4,})|-?0,[0-9]+"

Rules = Mapping[int, list[Rule]]  # by the column's place


class Trials:
    """Asks the values of ``SOURCE``, whose first ``width`` columns are text."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, width: int, decimal: str | None
    ) -> None:
        self._connection = connection
        self._width = width
        self.decimal = decimal  # None: a point, for want of a sign of another
        self.groupings: dict[int, Grouping] = {}  # of the columns whose thousands are marked

    def count(self) -> list[int]:
        """How many values each column has."""
        counts: list[int] = []
        for start in range(0, self._width, LONG):
            counts_sql = ", ".join(
                f"count(c{at})" for at in range(self._width)[start : start + LONG]
            )
            counts += self.row(f"SELECT {counts_sql} FROM {SOURCE}")  # noqa: S608
        return counts

    def kept_first(self, rules: Rules) -> dict[int, tuple[int, list[Rule]]]:
        """How many values each column of ``rules`` has in the first rows, and the rules that
        these keep; all of them where there is no value."""
        tests = list(dict.fromkeys(rule for tried in rules.values() for rule in tried))
        first_kept = {at: (0, list[Rule]()) for at in rules}
        if rules:
            for at, (count, kept_rules) in self._kept_long(tests, list(rules), first=True).items():
                first_kept[at] = (
                    count,
                    [rule for rule in rules[at] if not count or rule in kept_rules],
                )
        return first_kept

    def kept(self, rules: Rules) -> dict[int, list[Rule]]:
        """The rules that every value keeps; all of them where there is no value."""
        kept_rules: dict[int, list[Rule]] = {at: [] for at in rules}
        if len(rules) > WIDE and not self.groupings:
            asking: dict[Rule, list[int]] = {}
            for at, tried in rules.items():
                for rule in tried:
                    asking.setdefault(rule, []).append(at)
            for rule, places in asking.items():
                for at, (_, keeps) in self._kept_long([rule], places).items():
                    kept_rules[at] += [*keeps]
            return {at: sorted(kept, key=rules[at].index) for at, kept in kept_rules.items()}
        short_trials = [(at, rule) for at, tried in rules.items() for rule in tried]
        if short_trials:
            tests = ", ".join(
                _all_keep(self.sql(rule.holds, at), f"c{at}") for at, rule in short_trials
            )
            row = self.row(f"SELECT {tests} FROM {SOURCE}")  # noqa: S608
            for (at, rule), holds in zip(short_trials, row, strict=True):
                kept_rules[at] += [rule] * holds
        return kept_rules

    def _kept_long(
        self, rules: Sequence[Rule], places: Sequence[int], *, first: bool = False
    ) -> dict[int, tuple[int, set[Rule]]]:
        """The same by ``ask_cells``."""
        keep = [_all_keep(self._spelled(rule.holds, "v"), "v") for rule in rules]
        return {
            at: (count, {rule for rule, holds in zip(rules, row, strict=True) if holds})
            for at, count, *row in self.ask_cells(["count(v)", *keep], places, first=first)
        }

    def ask_cells(
        self, selected: Sequence[str], places: Sequence[int], *, first: bool = False
    ) -> list[tuple[Any, ...]]:
        """Each column's place and the answers to ``selected``, aggregates of its cells ``v``; if
        ``first``, of those in the first rows.

        The columns are asked as one long one: each step of an expression takes memory, and
        so it is one expression however many columns there are.
        """
        rows = min(SAMPLE_ROWS, max(1, SAMPLE_CELLS // max(1, len(places))))
        limit = f"LIMIT {rows}" if first else ""
        answers: list[tuple[Any, ...]] = []
        for start in range(0, len(places), LONG):
            some = list(places[start : start + LONG])
            cells = ", ".join(f"c{at}" for at in some)
            answers += self._connection.execute(
                f"SELECT place, {', '.join(selected)} FROM (SELECT unnest({some}) AS place,"  # noqa: S608
                f" unnest([{cells}]) AS v FROM (SELECT {cells} FROM {SOURCE} {limit}))"
                " GROUP BY place"
            ).fetchall()
        return answers

    def sql(self, template: str, at: int) -> str:
        """A rule's SQL about the column at ``at``."""
        if grouping := self.groupings.get(at):
            plain = grouping.plain.replace("$v", f"c{at}")
            return template.replace("$v", plain).replace("$n", plain)
        return self._spelled(template, f"c{at}")

    def row(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 (an aggregate always has one)
        return row

    def _spelled(self, template: str, value: str) -> str:
        number = value
        if self.decimal == ",":  # what has a point is then no number
            number = f"CASE WHEN contains({value}, '.') THEN '' ELSE replace({value}, ',', '.') END"
        return template.replace("$v", value).replace("$n", number)

    def has_decimal_comma(self, places: Sequence[int]) -> bool:
        """Whether some column holds only numbers, and one of them with a comma for sure."""
        if not places:
            return False
        only = f"coalesce(bool_and(regexp_full_match($v, '{COMMA_NUMBER}')), true)"
        sure = f"coalesce(bool_or(regexp_full_match($v, '{SURE_COMMA}')), false)"
        left = self.ask_cells([only.replace("$v", "v")], places, first=True)
        tests = [f"({only} AND {sure})".replace("$v", f"c{at}") for at, may in left if may]
        return bool(tests and self.row(f"SELECT {' OR '.join(tests)} FROM {SOURCE}")[0])  # noqa: S608


def _all_keep(holds: str, value: str) -> str:
    return f"count({value}) = count_if({value} IS NOT NULL AND {holds})"
