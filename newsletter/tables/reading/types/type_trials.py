"""Which rules the values of the columns of ``SOURCE`` keep: the first ones, or all."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from newsletter.tables.missing_words import BLANKS, is_missing_word
from newsletter.tables.reading.staging import SOURCE
from newsletter.tables.reading.types.number_spellings import Spelling
from newsletter.tables.reading.types.rule import Rule, matches

SAMPLE_ROWS = 500
SAMPLE_CELLS = 100_000  # of a wide table fewer rows are looked at first
# Columns. Each step of an expression takes memory, so those of more are not asked side by side.
WIDE = 64
LONGEST_DIGITAL = 60  # characters of a number or a day, with all that stands around it
LONG = 250  # columns that are asked as one
COMMA_NUMBER = "-?[0-9]+(,[0-9]+)?"
# "1,234" may be a thousand and more; these have a decimal comma for sure.
SURE_COMMA = "-?[0-9]+,([0-9]{1,2}|[0-9]{4,})|-?0,[0-9]+"

Rules = Mapping[int, list[Rule]]  # by the column's place


@dataclass(frozen=True, slots=True)
class FirstRows:
    """What the first rows tell of a column."""

    values: int = 0  # without the words for nothing
    words: int = 0
    kept: Sequence[Rule] = ()  # by every value; all that were asked where there is none


class Trials:
    """Asks the values of ``SOURCE``, whose first ``width`` columns are text."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, width: int, decimal: str | None
    ) -> None:
        self._connection = connection
        self._width = width
        self.decimal = decimal  # None: a point, for want of a sign of another
        self.spellings: dict[int, Spelling] = {}  # of the columns of numbers that people wrote
        self._words: dict[int, dict[str, int]] = {}

    def count(self) -> list[int]:
        """How many values each column has."""
        counts: list[int] = []
        for start in range(0, self._width, LONG):
            counts_sql = ", ".join(
                f"count(c{at})" for at in range(self._width)[start : start + LONG]
            )
            counts += self.row(f"SELECT {counts_sql} FROM {SOURCE}")  # noqa: S608
        return counts

    def kept_first(self, rules: Rules) -> dict[int, FirstRows]:
        """What the first rows tell of each column of ``rules``."""
        first = {at: FirstRows(kept=tried) for at, tried in rules.items()}
        tests = list(dict.fromkeys(rule for tried in rules.values() for rule in tried))
        if not tests:
            return first
        word = is_missing_word("v")
        questions = [
            "count(v)",
            f"count(*) FILTER (WHERE {word})",
            *(self._held(rule, "v") for rule in tests),
        ]
        for at, count, words, *kept_counts in self.ask_cells(questions, list(rules), first=True):
            if values := count - words:
                keep = {
                    rule for rule, kept in zip(tests, kept_counts, strict=True) if kept == values
                }
                kept = [rule for rule in rules[at] if rule in keep]
                first[at] = FirstRows(values, words, kept)
            else:
                first[at] = FirstRows(0, words, rules[at])
        return first

    def like(self, pattern: str, places: Collection[int]) -> list[int]:
        """Those of the columns at ``places`` whose first values are short and of ``pattern``."""
        is_like = f"length(v) <= {LONGEST_DIGITAL} AND {matches(pattern, 'v')}"
        question = f"bool_and({is_missing_word('v')} OR ({is_like}))"
        rows = self.ask_cells([question], list(places), first=True)
        return sorted(at for at, all_are in rows if all_are is not False)

    def kept(self, rules: Rules) -> dict[int, list[Rule]]:
        """The rules that every value keeps which is no word for nothing, and some value does;
        all of them where the column has neither."""
        counted = self._counted_long(rules) if len(rules) > WIDE else self._counted(rules)
        doubtful = {at for at, _, values, keeping in counted if 0 < keeping < values}
        words = {at: sum(spelled.values()) for at, spelled in self.words(doubtful).items()}
        kept_rules: dict[int, list[Rule]] = {at: [] for at in rules}
        for at, rule, values, keeping in counted:
            if values in (keeping, keeping + words.get(at, 0) * bool(keeping)):
                kept_rules[at].append(rule)
        return {at: sorted(kept, key=rules[at].index) for at, kept in kept_rules.items()}

    def words(self, places: Collection[int]) -> dict[int, dict[str, int]]:
        """How many cells each of the columns at ``places`` has of each word for nothing."""
        unknown = [at for at in places if at not in self._words]
        self._words |= {at: {} for at in unknown}
        for start in range(0, len(unknown), LONG):
            cells = self._as_one(unknown[start : start + LONG])
            for at, word, count in self._connection.execute(
                f"SELECT place, trim(v, '{BLANKS}'), count(*) FROM {cells}"  # noqa: S608
                f" WHERE {is_missing_word('v')} GROUP BY ALL ORDER BY ALL"
            ).fetchall():
                self._words[at][word] = count
        return {at: self._words[at] for at in places}

    def has_words(self, at: int) -> bool:
        """Whether words for nothing stand among the values of a column that keeps a rule."""
        return bool(self._words.get(at))

    def _counted(self, rules: Rules) -> list[tuple[int, Rule, int, int]]:
        """Of each column and rule: how many values there are, and how many keep it."""
        trials = [(at, rule) for at, tried in rules.items() for rule in tried]
        if not trials:
            return []
        tests = ", ".join(
            f"count(c{at}), count(*) FILTER (WHERE {self.sql(rule.holds, at)})"
            for at, rule in trials
        )
        row = iter(self.row(f"SELECT {tests} FROM {SOURCE}"))  # noqa: S608
        return [(at, rule, next(row), next(row)) for at, rule in trials]

    def _counted_long(self, rules: Rules) -> list[tuple[int, Rule, int, int]]:
        """The same of many columns, by ``ask_cells``."""
        asking: dict[Rule, list[int]] = {}
        for at, tried in rules.items():
            for rule in tried:
                asking.setdefault(rule, []).append(at)
        plain = {rule: [at for at in places if at not in self.spellings]
                 for rule, places in asking.items()}  # fmt: skip
        marked = {at: tried for at, tried in rules.items() if at in self.spellings}
        return self._counted(marked) + [
            (at, rule, values, keeping)
            for rule, places in plain.items()
            for at, values, keeping in self.ask_cells(["count(v)", self._held(rule, "v")], places)
        ]

    def _held(self, rule: Rule, value: str) -> str:
        return f"count(*) FILTER (WHERE {self._spelled(rule.holds, value)})"

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
            cells = self._as_one(places[start : start + LONG], limit)
            answers += self._connection.execute(
                f"SELECT place, {', '.join(selected)} FROM {cells} GROUP BY place"  # noqa: S608
            ).fetchall()
        return answers

    def _as_one(self, places: Sequence[int], limit: str = "") -> str:
        """The columns at ``places`` as a relation of their cells ``v``, each with its place."""
        cells = ", ".join(f"c{at}" for at in places)
        return (
            f"(SELECT unnest({list(places)}) AS place, unnest([{cells}]) AS v"  # noqa: S608
            f" FROM (SELECT {cells} FROM {SOURCE} {limit}))"
        )

    def sql(self, template: str, at: int) -> str:
        """A rule's SQL about the column at ``at``."""
        if spelling := self.spellings.get(at):
            plain = spelling.plain(f"c{at}")
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
        only = (
            f"coalesce(bool_and(regexp_full_match($v, '{COMMA_NUMBER}')"
            f" OR {is_missing_word('$v')}), true)"
        )
        sure = f"coalesce(bool_or(regexp_full_match($v, '{SURE_COMMA}')), false)"
        left = self.ask_cells([only.replace("$v", "v")], places, first=True)
        tests = [f"({only} AND {sure})".replace("$v", f"c{at}") for at, may in left if may]
        return bool(tests and self.row(f"SELECT {' OR '.join(tests)} FROM {SOURCE}")[0])  # noqa: S608
