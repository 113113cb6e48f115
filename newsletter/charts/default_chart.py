"""The charts that suit a table, the best first, each with the reason for it.

A chart is optional: a table whose columns say nothing in a picture has none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.charts import specs
from newsletter.charts.column_roles import ColumnProfile, Roles, label, roles
from newsletter.charts.specs import Spec

MOST = 3
# So many rows with names are compared by their bars; more of them by where they lie.
FEW_NAMES = 15
SPREAD = 0.5  # of the rows, at least, have a place of their own on a map


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
    numbers, categories = roles.numbers, roles.categories
    if roles.place and _is_spread(roles):
        reason = f"Each row has a place: {_both(*roles.place)}."
        yield Proposal(specs.map_spec(roles, *roles.place), reason)
    if roles.time:
        yield from _over_time(roles, roles.time)
    if numbers and roles.names and roles.rows <= FEW_NAMES:
        yield _ranking(roles.names, numbers[0])
    if numbers[1:]:
        reason = f"{_both(*numbers[:2])} are measures: how they go together."
        yield Proposal(specs.scatter_spec(roles, *numbers[:2]), reason)
    if numbers and roles.names:
        yield _ranking(roles.names, numbers[0])
    if numbers and categories:
        reason = f"{label(numbers[0])} differs by {label(categories[0])}."
        yield Proposal(specs.groups_spec(roles, categories[0], numbers[0]), reason)
    for number in numbers[:MOST]:
        reason = f"{label(number)} is a measure: which values are common."
        yield Proposal(specs.histogram_spec(number), reason)
    for category in categories[:MOST]:
        reason = f"{label(category)} has {category['unique']:,} values: how many rows of each."
        yield Proposal(specs.bars_spec(category), reason)


def _over_time(roles: Roles, time: ColumnProfile) -> Iterator[Proposal]:
    """Counts before means, where the rows are events rather than measurements in turn."""
    means = [
        Proposal(
            specs.line_spec(roles, time, number),
            f"{label(number)} over {label(time)}"
            f"{'' if specs.has_one_a_moment(roles, time) else ', as the mean of several rows'}.",
        )
        for number in roles.numbers[:2]
    ]
    is_in_turn = specs.has_one_a_moment(roles, time) or roles.rows % time["unique"] == 0
    if is_in_turn and means:
        yield from means
    elif not is_in_turn:
        yield Proposal(specs.events_spec(time), f"Rows are events: how many by {label(time)}.")
        yield from means


def _ranking(names: ColumnProfile, number: ColumnProfile) -> Proposal:
    reason = f"Each row is a {label(names)}: which have most of {label(number)}."
    return Proposal(specs.ranking_spec(names, number), reason)


def _is_spread(roles: Roles) -> bool:
    return roles.place is not None and any(
        column["unique"] >= SPREAD * roles.rows for column in roles.place
    )


def _both(one: ColumnProfile, other: ColumnProfile) -> str:
    return f"{label(one)} and {label(other)}"
