"""What the table in a file is called: one rule, for a command, a form, a folder, an address
and the parts of a file that holds several.

The name stands in addresses for ever, in other people's programs and as a file's name on
their disks: lower-case ASCII letters and digits, joined by ``-`` and ``_``.
"""

import re
from collections.abc import Container, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

from newsletter.file_names import bare_name, latin, name_in_address
from newsletter.tables.reading.file_kinds import PACKED_ENDINGS, TABLE_ENDINGS

AT_MOST = 100  # characters
FALLBACK = "table"  # of a name that says nothing
# Endings that tables have and no reader asks for.
OTHERS = {".txt", ".dat", ".html", ".htm", ".xml"}
# The description and the chart of a version stand beside its tables.
TAKEN_BY_THE_SITE = {"datapackage", "chart"}
# Windows saves no file of that name, whatever its ending.
TAKEN_BY_WINDOWS = {"con", "prn", "aux", "nul"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)
}
# The endings that the rule of 0.3 took off.
ANY_ENDINGS = re.compile(r"(\.[a-z0-9]{1,8}){1,2}$", re.IGNORECASE)


def table_name(file_name: str, taken: Container[str] = ()) -> str:
    """A name for the table in a file, other than those ``taken``.

    ``Sales 2024.csv.gz`` is ``sales-2024``, ``Ventes été.xlsx`` is ``ventes-ete`` and
    ``東京.csv`` is ``dong-jing``. The same file name has the same name always.
    """
    words = latin(_without_endings(bare_name(unquote(file_name)))).lower()
    words = re.sub(r"['`\"]", "", words)
    words = re.sub(r"[^a-z0-9_]+", "-", words)
    words = re.sub(r"_*-[-_]*", "-", words).strip("-_")
    name = words[:AT_MOST].rstrip("-_") or FALLBACK
    if name in TAKEN_BY_THE_SITE or name in TAKEN_BY_WINDOWS:
        name = f"{name}-{FALLBACK}"
    return _numbered(name, taken)


def part_name(name: str, taken: Container[str], known: Container[str]) -> str:
    """A name for the table ``name`` of a file that holds several. Where one of the ``known``
    tables of the dataset was named so by the rule of 0.3, it stays."""
    now, before = table_name(name, taken), _numbered(_name_of_0_3(name), taken)
    return before if now not in known and before in known else now


def with_names(tables: Sequence[Any]) -> list[Any]:
    """The ``tables`` of a dataset.yaml or a form as they are written, with a name for each
    that has none, after its file or address. What is no table stays as it is."""
    written = [table for table in tables if isinstance(table, Mapping)]
    taken = {table["name"] for table in written if isinstance(table.get("name"), str)}
    named: list[Any] = []
    for table in tables:
        file = _file_of(table) if isinstance(table, Mapping) and "name" not in table else None
        if file is None:
            named.append(table)
            continue
        name = table_name(file, taken)
        taken.add(name)
        named.append({"name": name, **table})
    return named


def _file_of(table: Mapping[str, Any]) -> str | None:
    file, url = table.get("file"), table.get("url")
    if isinstance(file, str):
        return file
    return name_in_address(url) if isinstance(url, str) else None


def _numbered(name: str, taken: Container[str]) -> str:
    """``name``, or with the first number that makes it new."""
    new, number = name, 1
    while new in taken:
        number += 1
        new = f"{name[: AT_MOST - len(str(number)) - 1].rstrip('-_')}-{number}"
    return new


def _without_endings(name: str) -> str:
    """Without those of packing, and the one of a table before them."""
    stem, ending = _split(name)
    while ending in PACKED_ENDINGS:
        name = stem
        stem, ending = _split(name)
    return stem if ending in TABLE_ENDINGS or ending in OTHERS else name


def _split(name: str) -> tuple[str, str]:
    path = PurePath(name)
    return path.stem, path.suffix.lower()


def _name_of_0_3(name: str) -> str:
    stem = ANY_ENDINGS.sub("", PurePath(name).name)
    return re.sub(r"[^a-z0-9._]+", "-", stem.lower()).strip("-._")[:100] or FALLBACK
