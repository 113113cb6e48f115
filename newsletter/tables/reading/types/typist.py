"""Chooses the types of the columns of ``SOURCE``: see ``type_inference``."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from newsletter.errors import UnreadableTable
from newsletter.tables.missing_words import is_missing_word
from newsletter.tables.reading.staging import SOURCE, SourceColumn
from newsletter.tables.reading.types.date_rules import MAY_BE_SELDOM, SELDOM, by_name
from newsletter.tables.reading.types.named_days import MAY_BE_NAMED, NAMED
from newsletter.tables.reading.types.number_search import spelled, spelled_first
from newsletter.tables.reading.types.rule import Rule
from newsletter.tables.reading.types.type_notes import (
    ambiguous_note,
    missing_notes,
    refusal,
    rounded_note,
)
from newsletter.tables.reading.types.type_rules import (
    FITS_DOUBLE,
    INFERRED,
    NEAREST,
    NUMBERS,
    ROUNDED,
    STATED,
)
from newsletter.tables.reading.types.type_trials import WIDE, FirstRows, Trials

NUMERIC = frozenset({"integer", "number"})


@dataclass(frozen=True, slots=True)
class Marks:
    """The decimal mark, None to find it out; whether it may be found to be a comma; and the
    order of day, month and year (dmy, mdy, ymd), None to find it out."""

    decimal: str | None = None
    may_be_comma: bool = True
    date_order: str | None = None


@dataclass(frozen=True, slots=True)
class TypedColumn:
    name: str
    type: str
    value: str  # SQL over SOURCE
    holds: str = "true"  # what each value that is not missing keeps
    skips_words: bool = False  # some of the cells are words for nothing

    def checked(self, at: int) -> str:
        """``value``, or the end of the query at the first value that does not keep the rule."""
        if self.holds == "true" or self.skips_words:
            return self.value
        return (
            f"CASE WHEN c{at} IS NULL THEN NULL WHEN {self.holds} THEN {self.value}"
            f" ELSE error('c{at}') END"
        )


class Typist:
    """Gives each column the type that its values have, and says what it decided."""

    def __init__(
        self,
        columns: Sequence[SourceColumn],
        stated: Mapping[str, str],
        trials: Trials,
        notes: list[str],
        marks: Marks,
    ) -> None:
        self._columns = columns
        self._stated = stated
        self._trials = trials
        self._notes = notes
        self._may_be_comma = marks.may_be_comma
        self.units: dict[str, str] = {}  # by the columns' names
        self._rules = {
            at: _rules(column, stated.get(column.name), marks.date_order)
            for at, column in enumerate(columns)
            if column.type is None
        }
        usual = {rule for rules in self._rules.values() for rule in rules} - SELDOM
        self._first = trials.kept_first(self._some_rules(self._rules, usual))
        self._first |= self._seldom_first([at for at, f in self._first.items() if not f.kept])

    def guess(self) -> list[TypedColumn] | None:
        """The types that the first rows tell; None if they leave a choice, or are too many to
        be checked while the table is written."""
        if len(self._first) > WIDE:
            return None
        kept = {at: _first_and_twin(first.kept) for at, first in self._first.items()}
        if any(not first.values or len(kept[at]) > 1 for at, first in self._first.items()):
            return None
        if any(kept[at] and first.words for at, first in self._first.items()):
            return None
        if spelled_first(self._trials, self._numberless(kept)):
            return None
        return self._chosen(kept, {at: first.values for at, first in self._first.items()})

    def type_all(self) -> list[TypedColumn]:
        """The types that all values have."""
        counts = dict(enumerate(self._trials.count()))
        # What a value of the first rows does not keep need not be asked of all.
        kept = self._first_kept({at: first.kept for at, first in self._first.items()})
        lost = [at for at, first in self._first.items() if first.values and not kept[at]]
        seldom = self._seldom_first([at for at in lost if self._first[at].kept])
        kept |= self._first_kept({at: first.kept for at, first in seldom.items()})
        texts = [at for at in self._numberless(kept) if counts[at]]
        self._read_numbers(kept, texts)
        chosen = self._chosen(kept, counts)
        names = {at: column.name for at, column in enumerate(self._columns)}
        words = self._trials.words([at for at, column in enumerate(chosen) if column.skips_words])
        self._notes += missing_notes({names[at]: counts for at, counts in words.items()})
        return chosen

    def _read_numbers(self, kept: dict[int, list[Rule]], texts: Collection[int]) -> None:
        """Find the numbers that people wrote in the columns ``texts``, and add to ``kept``."""
        has_point = any(rules and rules[0].type == "number" for rules in kept.values())
        may_be_comma = self._may_be_comma and not (has_point and self._trials.decimal is None)
        columns = spelled(self._trials, texts, may_be_comma=may_be_comma)
        self._trials.spellings = {at: column.spelling for at, column in columns.items()}
        stated = {at: self._stated.get(self._columns[at].name) for at in columns}
        kept |= self._first_kept(
            {at: [rule for rule in STATED if rule.type == stated[at]] or NUMBERS for at in columns}
        )
        for at, column in columns.items():
            name = self._columns[at].name
            if not kept[at]:  # for want of room
                del self._trials.spellings[at]
                continue
            self._notes.append(column.note(name))
            if column.evidence.unit:
                self.units[name] = column.evidence.unit

    def _seldom_first(self, places: Sequence[int]) -> dict[int, FirstRows]:
        """What the first rows of the columns at ``places`` keep of what is seldom tried."""
        may_be = self._trials.like(MAY_BE_SELDOM, places)
        first = self._trials.kept_first(self._some_rules(may_be, SELDOM.difference(NAMED)))
        left = self._trials.like(MAY_BE_NAMED, [at for at in may_be if not first[at].kept])
        return first | self._trials.kept_first(self._some_rules(left, NAMED))

    def _some_rules(
        self, places: Collection[int], among: Collection[Rule]
    ) -> dict[int, list[Rule]]:
        return {at: [rule for rule in self._rules[at] if rule in among] for at in places}

    def _numberless(self, kept: Mapping[int, list[Rule]]) -> list[int]:
        """The columns that would stay text, and of which nobody says that they should."""
        return [
            at
            for at, rules in kept.items()
            if not rules
            and self._columns[at].has_text
            and (self._columns[at].candidates or NUMERIC) >= NUMERIC
            and self._stated.get(self._columns[at].name) in {None, "integer", "number"}
        ]

    def _first_kept(self, rules: Mapping[int, Sequence[Rule]]) -> dict[int, list[Rule]]:
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
            elif not counts[at] or self._is_stated_missing(at, kept[at], counts[at]):
                chosen.append(self._empty(column.name, at))
            else:
                chosen.append(self._choose(column.name, at, kept[at]))
        return chosen

    def _is_stated_missing(self, at: int, kept: Sequence[Rule], count: int) -> bool:
        """Whether nothing but words for nothing stands where a type is stated."""
        is_stated = self._stated.get(self._columns[at].name) not in {None, "string"}
        return is_stated and not kept and sum(self._trials.words([at])[at].values()) == count

    def _given(self, name: str, type_: str, at: int) -> TypedColumn:
        wish = self._stated.get(name)
        if wish not in (None, type_):
            self._notes.append(f"The column {name} is {type_}, not {wish}.")
        return TypedColumn(name, type_, f"c{at}")

    def _choose(self, name: str, at: int, kept: list[Rule]) -> TypedColumn:
        wish = self._stated.get(name)
        twins = Counter(rule.twin for rule in dict.fromkeys(kept))
        sure = [rule for rule in kept if rule.twin is None or twins[rule.twin] == 1]
        if kept and not sure:
            self._notes.append(ambiguous_note(name, kept[0].twin))
        rule = sure[0] if sure else None
        type_ = rule.type if rule else "string"
        if wish not in (None, type_):
            self._refuse(name, at, str(wish), type_)
        if rule is None:
            return TypedColumn(name, type_, f"c{at}")
        if rule.note:
            self._notes.append(f"All values of {name} are read {rule.note}.")
        sql = self._trials.sql
        if rule in {ROUNDED, NEAREST}:
            self._notes.append(self._rounded(name, at))
        value, holds = sql(rule.value, at), sql(rule.holds, at)
        if self._trials.has_words(at):
            return TypedColumn(name, type_, f"CASE WHEN {holds} THEN {value} END", holds, True)
        return TypedColumn(name, type_, value, holds)

    def _rounded(self, name: str, at: int) -> str:
        holds = self._trials.sql(FITS_DOUBLE, at)
        (count,) = self._trials.row(f"SELECT count(*) FROM {SOURCE} WHERE NOT ({holds})")  # noqa: S608
        return rounded_note(name, count)

    def _empty(self, name: str, at: int) -> TypedColumn:
        wish = self._stated.get(name)
        if wish in {None, "string"}:
            return TypedColumn(name, "string", f"c{at}")
        value = self._trials.sql(next(rule.value for rule in STATED if rule.type == wish), at)
        has_words = self._trials.has_words(at)
        return TypedColumn(name, str(wish), f"CASE WHEN false THEN {value} END", "true", has_words)

    def _refuse(self, name: str, at: int, wish: str, type_: str) -> NoReturn:
        sql = self._trials.sql
        any_rule = " OR ".join(f"({sql(r.holds, at)})" for r in STATED if r.type == wish)
        count, examples = self._trials.row(
            f"SELECT count(*), list(c{at})[:3] FROM {SOURCE}"  # noqa: S608
            f" WHERE c{at} IS NOT NULL AND NOT coalesce({any_rule}, false)"
            f" AND NOT {is_missing_word(f'c{at}')}"
        )
        raise UnreadableTable(refusal(name, wish, type_, count, examples or []))


def _rules(column: SourceColumn, stated: str | None, date_order: str | None) -> list[Rule]:
    """The rules to try on a column, in their order; of days those of ``date_order`` alone."""
    rules = _typed_rules(column, stated)
    if date_order is None:
        return rules
    return [rule for rule in rules if not rule.twin or rule.order in {None, date_order}]


def _typed_rules(column: SourceColumn, stated: str | None) -> list[Rule]:
    if stated == "string":
        return []
    wanted = [rule for rule in STATED if rule.type == stated]
    if stated is None:
        wanted = by_name(column.name)
    allowed = column.candidates
    if allowed is None:
        return [*wanted, *INFERRED]
    # Where the file itself says what is a number, every spelling of one counts.
    rules = INFERRED if column.has_text else (*INFERRED, *STATED)
    allowed_rules = [rule for rule in rules if rule.type in allowed]
    return wanted + [rule for rule in allowed_rules if rule is not ROUNDED]


def _first_and_twin(rules: Sequence[Rule]) -> list[Rule]:
    first, twin = (rules[0], rules[0].twin) if rules else (None, None)
    return [rule for rule in rules if rule is first or (twin and rule.twin == twin)]
