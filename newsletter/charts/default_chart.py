"""The charts that suit a table, the best first, each with the reason for it.

A chart is optional: a table whose columns say nothing in a picture has none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.charts import specs, time_specs
from newsletter.charts.column_roles import ColumnProfile, Roles, is_year, roles, unevenness
from newsletter.charts.labels import label
from newsletter.charts.specs import MAX_BARS, Spec

MOST = 3
# So many rows with names are compared by their bars; more of them by where they lie.
FEW_NAMES = 15
SPREAD, FEWEST_PLACES = 0.5, 5  # of the rows, at least, have a place of their own on a map
AT_RANDOM = 0.5  # moments that lie less evenly are those of events
FLAT, DIFFERENT = 1.25, 2  # times the least of several counts
# Fewer rows than these say too little as dots, in bins, in a group, by their moments.
FEWEST_DOTS, FEWEST_COUNTED, A_GROUP, FEWEST_EVENTS = 10, 20, 3, 50


@dataclass(frozen=True, slots=True)
class Proposal:
    """A chart, and in a sentence why it is one for this table."""

    spec: Spec
    reason: str


def proposals(profile: Mapping[str, Any], title: str | None = None) -> list[Proposal]:
    """At most three charts of a table, given its profile, the best first; none if no column
    can be drawn. A column may carry a ``unit`` for its axis."""
    charts: list[Proposal] = []
    for proposal in _suitable(roles(profile)):
        spec = {"$schema": specs.SCHEMA, **proposal.spec, **({"title": title} if title else {})}
        if all(spec != other.spec for other in charts):
            charts.append(Proposal(spec, proposal.reason))
        if len(charts) == MOST:
            break
    return charts


def default_chart(profile: Mapping[str, Any], title: str | None = None) -> Spec | None:
    """The Vega-Lite spec that shows a table best; None if no column can be drawn.

    Time and a number make a line, longitude and latitude a map of dots, two
    numbers a scatter plot, a category and a number a strip or a box plot, one
    number a histogram, a category bars.
    """
    return next((proposal.spec for proposal in proposals(profile, title)), None)


def _suitable(roles: Roles) -> Iterator[Proposal]:
    """Charts in the order of what they are worth; the same may come twice."""
    numbers = roles.numbers
    if roles.place and _is_spread(roles.place, roles.rows):
        yield Proposal(specs.map_spec(roles, *roles.place), "Each row has a place on a map.")
    if roles.time:
        yield from _over_time(roles, roles.time)
    if roles.rows <= FEW_NAMES:
        yield from _ranking(roles)
    if numbers[1:] and roles.rows >= FEWEST_DOTS:
        reason = f"{_both(*numbers[:2])} are measures: how they go together."
        yield Proposal(specs.scatter_spec(roles, *numbers[:2]), reason)
    yield from _groups(roles)
    yield from _ranking(roles)
    if roles.rows < FEWEST_COUNTED:
        return
    for number in numbers[:MOST]:
        reason = f"{label(number)} is a measure: which values are common."
        yield Proposal(specs.histogram_spec(roles, number), reason)
    for category in filter(_differs, roles.categories[:MOST]):
        reason = f"{label(category)} has {category['unique']:,} values: how many rows of each."
        yield Proposal(specs.bars_spec(roles, category), reason)


def _over_time(roles: Roles, time: ColumnProfile) -> Iterator[Proposal]:
    """A series is a line. Of things that each have a moment no line leads from one to the next:
    they are counted, before anything is averaged, or are dots."""
    numbers = roles.numbers[:2]
    one_a_moment = time_specs.has_one_a_moment(roles, time)
    is_even = unevenness(time, roles.rows) < AT_RANDOM
    is_series = one_a_moment and (is_even or not roles.are_things)
    is_in_turn = is_even and not one_a_moment and roles.rows % time["unique"] == 0
    is_short = roles.rows < FEWEST_EVENTS
    if roles.months and is_year(time) and one_a_moment:
        reason = f"The columns are months: their mean by {label(time)}."
        yield Proposal(time_specs.months_spec(time, roles.months), reason)
    if not (is_series or is_in_turn or is_short or _is_flat(time)):
        reason = f"Rows are events: how many by {label(time)}."
        yield Proposal(time_specs.events_spec(roles, time), reason)
    if not is_series and time["unique"] * 2 >= roles.rows:
        for number in numbers:
            reason = f"{label(number)} of each row by {label(time)}."
            yield Proposal(time_specs.dots_spec(roles, time, number), reason)
    elif is_series or is_in_turn or not is_short:
        for number in numbers:
            reason = f"{label(number)} over {label(time)}"
            reason += "." if is_series else ", as the mean of several rows."
            yield Proposal(time_specs.line_spec(roles, time, number), reason)


def _groups(roles: Roles) -> Iterator[Proposal]:
    """The first measure in the groups of the first category that are large enough."""
    large = (c for c in roles.categories if min(c["unique"], MAX_BARS) * A_GROUP <= roles.rows)
    category = next(large, None)
    if category and roles.numbers:
        reason = f"{label(roles.numbers[0])} differs by {label(category)}."
        yield Proposal(specs.groups_spec(roles, category, roles.numbers[0]), reason)


def _ranking(roles: Roles) -> Iterator[Proposal]:
    if roles.names and roles.numbers:
        number = roles.numbers[0]
        reason = f"{label(number)} by {label(roles.names)}: the highest first."
        yield Proposal(specs.ranking_spec(roles.names, number), reason)


def _is_spread(place: tuple[ColumnProfile, ColumnProfile], rows: int) -> bool:
    counts = [int(column["unique"]) for column in place]
    return max(counts) >= SPREAD * rows and min(counts) >= FEWEST_PLACES


def _is_flat(time: ColumnProfile) -> bool:
    """Whether rows come so evenly that to count them says nothing."""
    counts = time["statistics"]["histogram"]["hist"]
    return bool(max(counts) <= FLAT * min(counts))


def _differs(category: ColumnProfile) -> bool:
    counts = category["statistics"]["frequencies"].values()
    return bool(max(counts) >= DIFFERENT * min(counts))


def _both(one: ColumnProfile, other: ColumnProfile) -> str:
    return f"{label(one)} and {label(other)}"
