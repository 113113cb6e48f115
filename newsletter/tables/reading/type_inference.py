"""Give the columns of the relation ``SOURCE`` their types.

A type is taken only if every value has it and keeps its meaning: ids with
leading zeros stay text, and so do dates that read two ways. A type that a
person stated comes first, and what stands in its way is reported.

The file is read as few times as can be. What the first rows say is taken for
true and checked while the table is written; only where they say too little, or
a later value shows that they were wrong, all values are asked first.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from newsletter.tables.profiling.columns import quoted
from newsletter.tables.reading.staging import SOURCE, SourceColumn
from newsletter.tables.reading.thousands import marked, marked_first
from newsletter.tables.reading.type_rules import INFERRED, NUMBERS, ROUNDED, STATED, Rule
from newsletter.tables.reading.type_trials import WIDE, Trials

# The files are small and quick; higher levels are a tenth smaller and take twice as long.
PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"


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
    holds: str = "true"  # what each value that is not missing keeps

    def checked(self, at: int) -> str:
        """``value``, or the end of the query at the first value that does not keep the rule."""
        if self.holds == "true":
            return self.value
        return (
            f"CASE WHEN c{at} IS NULL THEN NULL WHEN {self.holds} THEN {self.value}"
            f" ELSE error('c{at}') END"
        )


def write_typed(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[SourceColumn],
    stated: Mapping[str, str],
    marks: Marks,
    file: Path,
) -> tuple[list[tuple[str, str]], list[str]]:
    """Write ``SOURCE`` with types as the Parquet ``file``; returns its columns' names and
    types, and a sentence for each thing worth knowing.

    ``stated`` maps names to types.
    """
    notes: list[str] = []
    decimal = marks.decimal
    trials = Trials(connection, len(columns), decimal)
    open_ = [at for at, c in enumerate(columns) if c.type is None and c.candidates is None]
    if decimal is None and marks.may_be_comma and trials.has_decimal_comma(open_):
        trials.decimal = ","
        notes.append("Numbers were read with a decimal comma.")
    decisions: list[str] = []
    typist = _Typist(columns, stated, trials, decisions)
    typed = typist.guess()
    if typed is None or not _write(connection, typed, file, is_sure=False):
        decisions.clear()
        typed = typist.type_all()
        _write(connection, typed, file, is_sure=True)
    known = {column.name for column in columns}
    missing = [
        f"The column {name} is described but not there." for name in stated if name not in known
    ]
    return [(column.name, column.type) for column in typed], notes + decisions + missing


def _write(
    connection: duckdb.DuckDBPyConnection,
    columns: Sequence[TypedColumn],
    file: Path,
    *,
    is_sure: bool,
) -> bool:
    """Whether every value was as its column's type wants it."""
    parts = ", ".join(
        f"{column.value if is_sure else column.checked(at)} AS {quoted(column.name)}"
        for at, column in enumerate(columns)
    )
    place = str(file).replace("'", "''")
    try:
        connection.execute(f"COPY (SELECT {parts} FROM {SOURCE}) TO '{place}' ({PARQUET})")  # noqa: S608
    except duckdb.InvalidInputException:
        if is_sure:
            raise
        return False
    return True


class _Typist:
    def __init__(
        self,
        columns: Sequence[SourceColumn],
        stated: Mapping[str, str],
        trials: Trials,
        notes: list[str],
    ) -> None:
        self._columns = columns
        self._stated = stated
        self._trials = trials
        self._notes = notes
        self._rules = {
            at: _rules(column, stated.get(column.name))
            for at, column in enumerate(columns)
            if column.type is None
        }
        self._first = trials.kept_first(self._rules)

    def guess(self) -> list[TypedColumn] | None:
        """The types that the first rows tell; None if they leave a choice, or are too many to
        be checked while the table is written."""
        if len(self._first) > WIDE:
            return None
        kept = {at: _first_and_twin(rules) for at, (_, rules) in self._first.items()}
        if any(not count or len(kept[at]) > 1 for at, (count, _) in self._first.items()):
            return None
        if marked_first(self._trials, self._numberless(kept)):
            return None
        return self._chosen(kept, {at: count for at, (count, _) in self._first.items()})

    def type_all(self) -> list[TypedColumn]:
        """The types that all values have."""
        counts = dict(enumerate(self._trials.count()))
        # What a value of the first rows does not keep need not be asked of all.
        kept = self._first_kept({at: rules for at, (_, rules) in self._first.items()})
        texts = [at for at in self._numberless(kept) if counts[at]]
        self._trials.groupings = marked(self._trials, texts)
        for at, grouping in self._trials.groupings.items():
            mark = "point" if grouping.decimal == "." else "comma"
            self._notes.append(
                f"The thousands of the column {self._columns[at].name} are marked: it was read"
                f" as numbers with a decimal {mark}."
            )
        kept |= self._first_kept({at: list(NUMBERS) for at in self._trials.groupings})
        return self._chosen(kept, counts)

    def _numberless(self, kept: Mapping[int, list[Rule]]) -> list[int]:
        """The columns that would stay text, and of which nobody says that they should."""
        return [
            at
            for at, rules in kept.items()
            if not rules
            and self._columns[at].candidates is None
            and self._stated.get(self._columns[at].name) in {None, "integer", "number"}
        ]

    def _first_kept(self, rules: Mapping[int, list[Rule]]) -> dict[int, list[Rule]]:
        """For each column the first rule that all its values keep, with its twin if that does too.

        One look at all rows is enough for most tables: what held for the first
        rows seldom fails later.
        """
        kept: dict[int, list[Rule]] = {at: [] for at in rules}
        pending = {at: list(tried) for at, tried in rules.items() if tried}
        while pending:
            firsts = {at: _first_and_twin(tried) for at, tried in pending.items()}
            kept |= self._trials.kept(firsts)
            pending = {
                at: rest
                for at, tried in pending.items()
                if not kept[at] and (rest := [rule for rule in tried if rule not in firsts[at]])
            }
        return kept

    def _chosen(
        self, kept: Mapping[int, list[Rule]], counts: Mapping[int, int]
    ) -> list[TypedColumn]:
        chosen = []
        for at, column in enumerate(self._columns):
            if column.type is not None:
                chosen.append(self._given(column.name, column.type, at))
            elif counts[at]:
                chosen.append(self._choose(column.name, at, kept[at]))
            else:
                chosen.append(self._empty(column.name, at))
        return chosen

    def _given(self, name: str, type_: str, at: int) -> TypedColumn:
        wish = self._stated.get(name)
        if wish not in (None, type_):
            self._notes.append(f"The column {name} is {type_}, not {wish}.")
        return TypedColumn(name, type_, f"c{at}")

    def _choose(self, name: str, at: int, kept: list[Rule]) -> TypedColumn:
        wish = self._stated.get(name)
        twins = Counter(rule.twin for rule in dict.fromkeys(kept))
        sure = [rule for rule in kept if rule.twin is None or twins[rule.twin] == 1]
        if len(sure) < len(kept) and not sure:
            self._notes.append(
                f"The dates of the column {name} may be day/month or month/day: it stays text."
            )
        rule = sure[0] if sure else None
        type_ = rule.type if rule else "string"
        if wish not in (None, type_):
            self._report(name, at, str(wish), type_)
        if rule is None:
            return TypedColumn(name, type_, f"c{at}")
        if rule is ROUNDED:
            self._notes.append(f"The column {name} has more digits than fit: it is rounded.")
        sql = self._trials.sql
        return TypedColumn(name, type_, sql(rule.value, at), sql(rule.holds, at))

    def _empty(self, name: str, at: int) -> TypedColumn:
        wish = self._stated.get(name)
        value = next((rule.value for rule in STATED if rule.type == wish), "$v")
        return TypedColumn(name, wish or "string", self._trials.sql(value, at))

    def _report(self, name: str, at: int, wish: str, type_: str) -> None:
        sql = self._trials.sql
        any_rule = " OR ".join(f"({sql(r.holds, at)})" for r in STATED if r.type == wish)
        count, example = self._trials.row(
            f"SELECT count(*), any_value(c{at}) FROM {SOURCE}"  # noqa: S608
            f" WHERE c{at} IS NOT NULL AND NOT coalesce({any_rule}, false)"
        )
        why = f"{count:,} values such as {example[:40]!r} are not" if count else "it reads two ways"
        self._notes.append(f"The column {name} is described as {wish} but {why}: it is {type_}.")


def _rules(column: SourceColumn, stated: str | None) -> list[Rule]:
    if stated == "string":
        return []
    wanted = [rule for rule in STATED if rule.type == stated]
    allowed = column.candidates
    if allowed is None:
        return [*wanted, *INFERRED]
    # The file itself says what is a number, so every spelling of one counts.
    allowed_rules = [rule for rule in (*INFERRED, *STATED) if rule.type in allowed]
    return wanted + [rule for rule in allowed_rules if rule is not ROUNDED]


def _first_and_twin(rules: Sequence[Rule]) -> list[Rule]:
    first, twin = (rules[0], rules[0].twin) if rules else (None, None)
    return [rule for rule in rules if rule is first or (twin and rule.twin == twin)]
