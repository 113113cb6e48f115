"""Which table is meant, in a file that holds several: the sheets of a spreadsheet, the
tables of a database, the files of an archive."""

from collections.abc import Sequence
from typing import Never

from newsletter.errors import SeveralTables, UnreadableTable

MOST_AT_ONCE = 50  # tables that one file may become
NAMED = 12  # in a sentence
LONGEST = 60  # characters of a name in a sentence


def choose(names: Sequence[str], wanted: str | None, holder: str, otherwise: str = "") -> str:
    """The one of ``names`` (at least one) that is wanted; ``holder`` is what holds them, and
    ``otherwise`` ends the sentence for a person who has to choose.

    Raises UnreadableTable if there is no such, SeveralTables if nobody chose.
    """
    if wanted is None:
        return names[0] if len(names) == 1 else refuse_several(names, holder, otherwise)
    for name in names:
        if name.strip() == wanted.strip():
            return name
    raise UnreadableTable(
        f"{holder} holds no table {wanted[:LONGEST]!r}: choose one of {_listed(names)}."
    )


def refuse_several(names: Sequence[str], holder: str, otherwise: str = "") -> Never:
    """Raises SeveralTables; UnreadableTable for more than can be taken at once."""
    sentence = f"{holder} holds {len(names):,} tables: choose one of {_listed(names)}{otherwise}."
    if len(names) > MOST_AT_ONCE:
        raise UnreadableTable(sentence)
    raise SeveralTables(sentence, names)


def _listed(names: Sequence[str]) -> str:
    shown = [name[:LONGEST] for name in names[:NAMED]]
    more = f" (and {len(names) - NAMED:,} more)" if len(names) > NAMED else ""
    return ", ".join(shown) + more
