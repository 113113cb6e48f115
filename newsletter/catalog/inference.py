"""Give the columns of the relation ``SOURCE`` their types.

A type is taken only if every value has it and keeps its meaning: ids with
leading zeros stay text, and so do dates that read two ways. A type that a
person stated comes first, and what stands in its way is reported.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from newsletter.catalog.columns import quoted
from newsletter.catalog.rules import (
    GROUPINGS,
    INFERRED,
    NUMBERS,
    ROUNDED,
    STATED,
    Grouping,
    Rule,
)
from newsletter.catalog.staging import SOURCE, SourceColumn

TABLE = "data"
SAMPLE_ROWS = 500
BATCH = 50  # columns a query
COMMA_NUMBER = "-?[0-9]+(,[0-9]+)?"
# "1,234" may be a thousand and more; these have a decimal comma for sure.
SURE_COMMA = "-?[0-9]+,([0-9]{1,2}|[0-9]{4,})|-?0,[0-9]+"


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark, None to find it out; and whether it may be found to be a comma."""

    decimal: str | None = None
    may_be_comma: bool = True


@dataclass(frozen=True, slots=True)
class TypedColumn:
    name: str
    type: str
    value: str  # SQL over SOURCE


def type_columns(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[SourceColumn],
    stated: Mapping[str, str],
    marks: Marks,
    notes: list[str],
) -> list[tuple[str, str]]:
    """Make the relation ``TABLE`` from ``SOURCE``; returns its columns' names and types.

    ``stated`` maps names to types. ``notes`` gains a sentence for each thing
    worth knowing.
    """
    known_decimal = marks.decimal
    if known_decimal is None and marks.may_be_comma and _has_decimal_comma(connection, columns):
        known_decimal = ","
        notes.append("Numbers were read with a decimal comma.")
    typist = _Typist(connection, len(columns), known_decimal, notes)
    typed = [
        column
        for start in range(0, len(columns), BATCH)
        for column in typist.type_batch(columns, range(start, len(columns))[:BATCH], stated)
    ]
    known = {column.name for column in columns}
    notes += [
        f"The column {name} is described but not there." for name in stated if name not in known
    ]
    parts = ", ".join(f"{column.value} AS {quoted(column.name)}" for column in typed)
    connection.execute(f"CREATE TABLE {TABLE} AS SELECT {parts} FROM {SOURCE}")  # noqa: S608
    connection.execute(f"DROP TABLE {SOURCE}")
    return [(column.name, column.type) for column in typed]


class _Typist:
    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        width: int,
        decimal: str | None,
        notes: list[str],
    ) -> None:
        self._connection = connection
        self._decimal = decimal  # None: a point, for want of a sign of another
        self._groupings: dict[int, Grouping] = {}  # of the columns whose thousands are marked
        self._notes = notes
        counts = ", ".join(["count(*)", *(f"count(c{at})" for at in range(width))])
        self._rows, *self._values = self._row(f"SELECT {counts} FROM {SOURCE}")  # noqa: S608

    def type_batch(
        self, columns: Sequence[SourceColumn], places: range, stated: Mapping[str, str]
    ) -> list[TypedColumn]:
        """The types of the columns at ``places``."""
        rules = {
            at: self._rules(columns[at], stated.get(columns[at].name))
            for at in places
            if columns[at].type is None
        }
        if self._rows > SAMPLE_ROWS:  # a cheap look first, so that few rules see all rows
            rules = self._surviving(rules, f"(FROM {SOURCE} LIMIT {SAMPLE_ROWS})")
        held = self._first_kept(rules)
        self._find_groupings(columns, [at for at in rules if not held.get(at)], stated)
        held |= self._first_kept({at: list(NUMBERS) for at in self._groupings if at in places})
        return [self._choose(columns[at], at, held.get(at, []), stated) for at in places]

    def _rules(self, column: SourceColumn, stated: str | None) -> list[Rule]:
        if stated == "string":
            return []
        wanted = [rule for rule in STATED if rule.type == stated]
        allowed = column.candidates
        if allowed is None:
            return [*wanted, *INFERRED]
        # The file itself says what is a number, so every spelling of one counts.
        told = [rule for rule in (*INFERRED, *STATED) if rule.type in allowed]
        return wanted + [rule for rule in told if rule is not ROUNDED]

    def _first_kept(self, rules: Mapping[int, list[Rule]]) -> dict[int, list[Rule]]:
        """For each column the first rule that all its values keep, with its twin if that does too.

        One look at all rows is enough for most tables: what held for the first
        rows seldom fails later.
        """
        kept: dict[int, list[Rule]] = {}
        pending = {at: list(tried) for at, tried in rules.items() if tried}
        while pending:
            firsts = {at: _first_and_twin(tried) for at, tried in pending.items()}
            held = self._surviving(firsts, SOURCE)
            kept |= {at: found for at, found in held.items() if found}
            pending = {
                at: rest
                for at, tried in pending.items()
                if at not in kept and (rest := [rule for rule in tried if rule not in firsts[at]])
            }
        return kept

    def _surviving(self, rules: Mapping[int, list[Rule]], relation: str) -> dict[int, list[Rule]]:
        """The rules that every value of ``relation`` keeps; none where there is no value."""
        asked = [(at, rule) for at, tried in rules.items() for rule in tried]
        held: dict[int, list[Rule]] = {at: [] for at in rules}
        if not asked:
            return held
        tests = ", ".join(
            f"count(c{at}) = count_if(c{at} IS NOT NULL AND {self._sql(rule.holds, at)})"
            for at, rule in asked
        )
        row = self._row(f"SELECT {tests} FROM {relation}")  # noqa: S608
        for (at, rule), holds in zip(asked, row, strict=True):
            if holds:
                held[at].append(rule)
        return held

    def _find_groupings(
        self, columns: Sequence[SourceColumn], texts: Sequence[int], stated: Mapping[str, str]
    ) -> None:
        """Note which of the columns that would stay text are numbers with marked thousands.

        It must be sure: ``1,234`` alone may be one and a bit, and ``110 001`` a
        place, so the values differ in how many marks they have, or have decimals too.
        """
        asked = [
            (at, grouping)
            for at in texts
            if columns[at].candidates is None
            and self._values[at]
            and stated.get(columns[at].name) in {None, "integer", "number"}
            for grouping in GROUPINGS
            if self._decimal in {None, grouping.decimal}
        ]
        for relation in (f"(FROM {SOURCE} LIMIT {SAMPLE_ROWS})", SOURCE):
            if not asked:
                return
            all_hold = ", ".join(f"bool_and({self._of(g.holds, at)})" for at, g in asked)
            row = self._row(f"SELECT {all_hold} FROM {relation}")  # noqa: S608
            asked = [pair for pair, holds in zip(asked, row, strict=True) if holds is not False]
        for at, grouping in asked:
            if at not in self._groupings and self._is_sure(grouping, at):
                self._groupings[at] = grouping
                self._notes.append(
                    f"The thousands of the column {columns[at].name} are marked: it was read"
                    f" as numbers with a decimal {'point' if grouping.decimal == '.' else 'comma'}."
                )

    def _is_sure(self, grouping: Grouping, at: int) -> bool:
        groups = self._of(grouping.groups, at)
        has_decimals = f"contains(c{at}, '{grouping.decimal}')"
        most, least, both = self._row(
            f"SELECT max({groups}), min({groups}), coalesce(bool_or({has_decimals}), false)"  # noqa: S608
            f" FROM {SOURCE} WHERE c{at} IS NOT NULL"
        )
        if most == 0:
            return False
        if "," in grouping.marks or "." in grouping.marks:
            return bool(both or most > 1 or self._decimal)
        return bool(both or most > least or self._decimal)

    def _of(self, template: str, at: int) -> str:
        return template.replace("$v", f"c{at}")

    def _choose(
        self, column: SourceColumn, at: int, held: list[Rule], stated: Mapping[str, str]
    ) -> TypedColumn:
        wish = stated.get(column.name)
        if column.type is not None:
            if wish not in (None, column.type):
                self._notes.append(f"The column {column.name} is {column.type}, not {wish}.")
            return TypedColumn(column.name, column.type, f"c{at}")
        if not self._values[at]:
            return self._empty(column, at, wish)
        twins = Counter(rule.twin for rule in dict.fromkeys(held))
        sure = [rule for rule in held if rule.twin is None or twins[rule.twin] == 1]
        if len(sure) < len(held) and not sure:
            self._notes.append(
                f"The dates of the column {column.name} may be day/month or month/day:"
                " it stays text."
            )
        rule = sure[0] if sure else None
        type_ = rule.type if rule else "string"
        if wish not in (None, type_):
            self._report(column.name, at, str(wish), type_)
        if rule is ROUNDED:
            self._notes.append(f"The column {column.name} has more digits than fit: it is rounded.")
        return TypedColumn(column.name, type_, self._sql(rule.value, at) if rule else f"c{at}")

    def _empty(self, column: SourceColumn, at: int, wish: str | None) -> TypedColumn:
        value = next((rule.value for rule in STATED if rule.type == wish), "$v")
        return TypedColumn(column.name, wish or "string", self._sql(value, at))

    def _report(self, name: str, at: int, wish: str, type_: str) -> None:
        any_rule = " OR ".join(f"({self._sql(r.holds, at)})" for r in STATED if r.type == wish)
        count, example = self._row(
            f"SELECT count(*), any_value(c{at}) FROM {SOURCE}"  # noqa: S608
            f" WHERE c{at} IS NOT NULL AND NOT coalesce({any_rule}, false)"
        )
        why = f"{count:,} values such as {example[:40]!r} are not" if count else "it reads two ways"
        self._notes.append(f"The column {name} is described as {wish} but {why}: it is {type_}.")

    def _sql(self, template: str, at: int) -> str:
        if grouping := self._groupings.get(at):
            plain = self._of(grouping.plain, at)
            return template.replace("$v", plain).replace("$n", plain)
        number = f"c{at}"
        if self._decimal == ",":  # what has a point is then no number
            number = f"CASE WHEN contains(c{at}, '.') THEN '' ELSE replace(c{at}, ',', '.') END"
        return template.replace("$v", f"c{at}").replace("$n", number)

    def _row(self, query: str) -> tuple[Any, ...]:
        row = self._connection.execute(query).fetchone()
        assert row is not None  # noqa: S101 (an aggregate always has one)
        return row


def _first_and_twin(rules: Sequence[Rule]) -> list[Rule]:
    first = rules[0]
    return [rule for rule in rules if rule is first or (first.twin and rule.twin == first.twin)]


def _has_decimal_comma(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[SourceColumn]
) -> bool:
    """Whether some column holds only numbers, and at least one with a decimal comma for sure."""
    tests = [
        f"(coalesce(bool_and(regexp_full_match(c{at}, '{COMMA_NUMBER}')), false)"
        f" AND coalesce(bool_or(regexp_full_match(c{at}, '{SURE_COMMA}')), false))"
        for at, column in enumerate(columns)
        if column.type is None and column.candidates is None
    ]
    if not tests:
        return False
    row = connection.execute(f"SELECT {' OR '.join(tests)} FROM {SOURCE}").fetchone()  # noqa: S608
    return bool(row and row[0])
