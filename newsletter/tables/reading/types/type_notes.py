"""The sentences that tell a person how the cells of a table were read."""

from collections.abc import Mapping, Sequence

from newsletter.tables.reading.doubts import Doubt

NAMED = 12  # columns that get a sentence of their own


def missing_notes(words: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Which words of which columns are read as missing, and how many of each."""
    notes = []
    worded = [(name, counts) for name, counts in words.items() if counts]
    for name, counts in worded[:NAMED]:
        listed = " and ".join(
            f"{count:,} {'cell' if count == 1 else 'cells'} {word or 'of blanks'}"
            for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        )
        is_one = sum(counts.values()) == 1
        notes.append(f"{listed} in {name} {'is' if is_one else 'are'} read as missing.")
    if rest := worded[NAMED:]:
        count = sum(sum(counts.values()) for _, counts in rest)
        notes.append(f"{count:,} such cells in {len(rest):,} more columns are read as missing.")
    return notes


def ambiguous_note(name: str, twin: str | None) -> str:
    """That the days of a column read in more than one way; ``twin`` names the ways."""
    if twin == "season":
        text = f"The values of the column {name} may be months or spans of years: it stays text."
    else:
        text = f"The dates of the column {name} may be day/month or month/day: it stays text."
    return Doubt(text, "ambiguous_dates", name)


def rounded_note(name: str, count: int) -> str:
    """That so many values have more digits than a number holds."""
    values, are = ("1 value", "is") if count == 1 else (f"{count:,} values", "are")
    return f"{values} of {name} with more digits than fit {are} rounded."


def refusal(name: str, wish: str, type_: str, count: int, examples: Sequence[str]) -> str:
    """That ``count`` values are not of the type that is stated for their column."""
    if not count:
        return (
            f"The column {name} is described as {wish} but its values read in more than one"
            " way: state the order of its days, or its decimal mark."
        )
    values, are = ("1 value", "is none") if count == 1 else (f"{count:,} values", "are none")
    listed = ", ".join(repr(example[:40]) for example in examples)
    return (
        f"The column {name} is described as {wish} but {values} such as {listed} {are}:"
        f" correct them, or describe it as {type_}."
    )
