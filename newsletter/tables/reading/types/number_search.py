"""Which columns of text are numbers that people wrote, and how."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from newsletter.tables.missing_words import is_missing_word
from newsletter.tables.reading.types.number_spellings import SPELLINGS, Evidence, Spelling
from newsletter.tables.reading.types.type_trials import LONGEST_DIGITAL, Trials


@dataclass(frozen=True, slots=True)
class Spelled:
    """A column of numbers: how they are written, and what says so."""

    spelling: Spelling
    evidence: Evidence

    def note(self, name: str) -> str:
        """The sentence that tells of it."""
        count, unit = self.evidence.adorned, self.evidence.unit
        mark = "point" if self.spelling.decimal == "." else "comma"
        return (
            f"{count:,} {'value' if count == 1 else 'values'} of {name} such as"
            f" {(self.evidence.example or '')[:LONGEST_DIGITAL]!r}"
            f" {'is' if count == 1 else 'are'} read as numbers with a decimal {mark}"
            f"{f', in {unit}' if unit else ''}."
        )


def spelled_first(trials: Trials, places: Collection[int]) -> Mapping[Spelling, list[int]]:
    """Which spellings the columns at ``places`` may have, as far as the first rows tell."""
    digital = trials.like(".*[0-9].*", places)
    if not digital:
        return {}
    word = is_missing_word("v")
    spellings = [s for s in SPELLINGS if trials.decimal in {None, s.decimal}]
    all_hold = [f"bool_and({word} OR {s.holds('v')})" for s in spellings]
    first: dict[Spelling, list[int]] = {}
    for at, *verdicts in sorted(trials.ask_cells(all_hold, digital, first=True)):
        for spelling, holds in zip(spellings, verdicts, strict=True):
            if holds is not False:
                first.setdefault(spelling, []).append(at)
    return first


def spelled(trials: Trials, places: Collection[int], *, may_be_comma: bool) -> dict[int, Spelled]:
    """How the numbers of the columns at ``places`` are written, where they surely are some."""
    columns: dict[int, Spelled] = {}
    for spelling, candidates in spelled_first(trials, places).items():
        left = [at for at in candidates if at not in columns]
        for at, *figures in trials.ask_cells(spelling.evidence("v"), left):
            evidence = Evidence(*figures)
            if evidence.is_sure(spelling, decimal=trials.decimal, may_be_comma=may_be_comma):
                columns[at] = Spelled(spelling, evidence)
    return columns
