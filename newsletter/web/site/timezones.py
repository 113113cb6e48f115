"""Time zones as a person looks for one: by region, then by place."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

REGIONS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific",
)  # fmt: skip

Groups = dict[str, list[str]]


def grouped(kept: str | None = None) -> Groups:
    """The zones under their region, and UTC under "Other".

    The old names that mirror others (``US/Eastern``, ``GMT+0``) are left out,
    but for ``kept``, the one that a person has chosen.
    """
    groups = _regions()
    if kept and not any(kept in zones for zones in groups.values()):
        groups = {**groups, "Other": sorted({*groups["Other"], kept})}
    return groups


def place(zone: str | ZoneInfo) -> str:
    """A zone without its region, as it is said: New York; Kentucky, Louisville."""
    name = str(zone)
    return name.partition("/")[2].replace("_", " ").replace("/", ", ") or name


@cache
def _regions() -> Groups:
    names = sorted(available_timezones())
    groups = {region: [n for n in names if n.startswith(f"{region}/")] for region in REGIONS}
    return {**groups, "Other": ["UTC"]}
