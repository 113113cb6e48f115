"""Which license ids are real: the SPDX license list, as `license-expression` ships it; and the
few that forms offer by name."""

from difflib import get_close_matches
from functools import cache

from license_expression import get_license_index

# Their ids and names, in the order in which they are offered.
OF_DATA = (
    ("CC0-1.0", "CC0, public domain"),
    ("CC-BY-4.0", "Creative Commons Attribution 4.0"),
    ("CC-BY-SA-4.0", "Creative Commons Attribution, share alike 4.0"),
    ("ODbL-1.0", "Open Database License"),
    ("ODC-By-1.0", "Open Data Commons Attribution"),
    ("PDDL-1.0", "Open Data Commons, public domain"),
    ("OGL-UK-3.0", "Open Government Licence (UK)"),
    ("etalab-2.0", "Licence Ouverte (France)"),
    ("DL-DE-BY-2.0", "Datenlizenz Deutschland, attribution"),
    ("MIT", "MIT"),
)
OF_CODE = (
    ("MIT", "MIT"),
    ("BSD-3-Clause", "BSD, three clauses"),
    ("Apache-2.0", "Apache 2.0"),
    ("GPL-3.0-or-later", "GNU GPL 3 or later"),
    *(named for named in OF_DATA if named[0] in {"CC0-1.0", "CC-BY-4.0"}),
)


def license_problem(spdx_id: str) -> str | None:
    """What is wrong with ``spdx_id`` as the license of a dataset, or None.

    Only single ids of the SPDX list count: no expressions (``A OR B``), no
    exceptions, no ids that SPDX has withdrawn.
    """
    known = _successors()
    if spdx_id in known:
        successor = known[spdx_id]
        return f"{spdx_id} is deprecated by SPDX: use {successor}" if successor else None
    by_folded = {name.casefold(): name for name in known}
    close = get_close_matches(spdx_id.casefold(), by_folded, n=1, cutoff=0.7)
    hint = f"did you mean {by_folded[close[0]]}?" if close else "see https://spdx.org/licenses/"
    return f"{spdx_id} is not an SPDX license id: {hint}"


@cache
def _successors() -> dict[str, str | None]:
    """Every SPDX license id, with the id that took its place if it is deprecated."""
    successors: dict[str, str | None] = {}
    for entry in get_license_index():
        current = entry.get("spdx_license_key")
        if not current or current.startswith("LicenseRef-") or entry["is_exception"]:
            continue
        successors[current] = "its successor" if entry["is_deprecated"] else None
        others = entry["other_spdx_license_keys"]
        successors |= {old: current for old in others if not old.startswith("LicenseRef-")}
    return successors
