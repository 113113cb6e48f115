"""Whether a table's dictionary still says what its file holds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from newsletter.catalog.checks.findings import Finding, Weight
from newsletter.models.dataset import Table

ALIKE = 0.6  # of two names, from 0 to 1: enough to take one for the other's new name
PLACEHOLDER = re.compile(
    r"[\W_]*"
    r"|\W*(to-?do|tbd|tba|fixme|xxx+|lorem ipsum)\b.{0,40}"
    r"|\W*(n/?a|none|null|unknown|test|description|((a|the) )?(column|field|value))\W*",
    re.I,
)

Column = Mapping[str, Any]


def dictionary_findings(slug: str, table: Table) -> Iterator[Finding]:
    """Where ``table.columns`` and its profile, which was computed from the rows, part; and
    descriptions that only keep a place."""
    measured: Sequence[Column] = table.profile.get("columns", ())
    described: Sequence[Column] = table.columns
    for sentence in _drift(described, measured):
        yield Finding(slug, "dictionary", Weight.WRONG, f"{table.name}: {sentence}")
    hollow = [column["name"] for column in described if _says_nothing(column)]
    if hollow:
        names = _listed(hollow)
        sentence = f"{table.name}: say what {names} means; what is there says nothing."
        yield Finding(slug, "dictionary", Weight.NOTE, sentence)
    bare = [column["name"] for column in described if not column.get("description")]
    if bare:
        counted = f"{len(bare)} of {len(described)} columns have no description"
        yield Finding(
            slug, "dictionary", Weight.ASIDE, f"{table.name}: {counted}: {_listed(bare)}."
        )


def _drift(described: Sequence[Column], measured: Sequence[Column]) -> Iterator[str]:
    known = {column["name"] for column in described}
    measured_by_name = {column["name"]: column for column in measured}
    missing = [column for column in measured if column["name"] not in known]
    extra = [column for column in described if column["name"] not in measured_by_name]
    for column in extra:
        renamed = next((other for other in missing if _is_same(column, other)), None)
        if renamed is not None:
            missing.remove(renamed)
            yield f"the column {column['name']} seems to be called {renamed['name']} in the file."
        else:
            yield f"the column {column['name']} is described, and is not in the file."
    for column in missing:
        yield f"the column {column['name']} is in the file, and is not described."


def _is_same(described: Column, measured: Column) -> bool:
    old, new = _bare(described["name"]), _bare(measured["name"])
    alike = SequenceMatcher(None, old, new).ratio() >= ALIKE
    return old == new or (alike and described.get("type") == measured.get("type"))


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _says_nothing(column: Column) -> bool:
    """Whether a description is there, and is a placeholder or the name once more."""
    text = (column.get("description") or "").strip()
    is_name = _bare(text) == _bare(column["name"])
    return bool(text) and (is_name or PLACEHOLDER.fullmatch(text) is not None)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
