"""Choosing the chart of a dataset: one that is proposed for a table, none, or whichever suits."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from newsletter.catalog import datasets
from newsletter.charts import Proposal, proposals
from newsletter.errors import NotFound
from newsletter.installation import Installation
from newsletter.models.dataset import Table, Version
from newsletter.models.task import Task
from newsletter.services.datasets import dataset_save
from newsletter.services.datasets.file_reading import Promise
from newsletter.tasks.queueing import defer

Spec = Mapping[str, Any]

NO_CHART: Spec = {}


def proposed(table: Table) -> list[Proposal]:
    """The charts to choose from, the best first."""
    return proposals(table.profile) if table.profile else []


def proposal(table: Table, place: int) -> Spec:
    """The chart at ``place``, from 1, as it is written into the dataset. Raises NotFound."""
    charts = proposed(table)
    if not 1 <= place <= len(charts):
        raise NotFound(f"{table.name} has no chart {place} to choose: it has {len(charts)}.")
    return {**charts[place - 1].spec, "usermeta": {"table": table.name}}


def is_drawn(version: Version, table: Table, chart: Proposal) -> bool:
    """Whether a version shows this chart."""
    drawn = dict(version.chart_drawn or {})
    named = (drawn.pop("usermeta", None) or {}).get("table", version.tables[0].name)
    return bool(drawn) and named == table.name and drawn == chart.spec


def choose(
    installation: Installation,
    slug: str,
    chart: Spec | None,
    started_by: str,
    now: datetime,
    by: Promise = defer,
) -> Task | None:
    """Give a dataset this chart, ``NO_CHART``, or with None the one that suits it best; a task
    draws it. Raises NotFound, Invalid, or Conflict while files are read into it."""
    with installation.db.read() as session:
        package = datasets.package_of(datasets.newest(session, slug))
    changed = package.model_copy(update={"chart": chart})
    return dataset_save.edit(installation, slug, changed, {}, started_by, now, by=by)
