"""The history of a dataset: its versions, what changed in each, what was wrong with one."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template

from newsletter import clock
from newsletter.catalog import datasets, listing
from newsletter.catalog.versions import changes, withdrawals
from newsletter.installation import Installation
from newsletter.models.dataset import Version
from newsletter.services.datasets import derived_files
from newsletter.tables.diff import words
from newsletter.web.context import installation

blueprint = Blueprint("versions", __name__)

LOOK_AGAIN_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Release:
    """A published version beside those before it."""

    version: Version
    since: str  # the number of the one before; empty: it is the first
    change: str  # in one line; empty: it is being compared
    note: str  # what the curator wrote of it
    corrected_by: str  # the number of the version that does; empty: it was not wrong


def history(versions: Sequence[Version]) -> list[Release]:
    """``versions`` of one dataset, the newest first, each with what it changed."""
    return [
        _release(version, before)
        for version, before in zip(versions, [*versions[1:], None], strict=True)
    ]


@blueprint.get("/datasets/<slug>/v/<before>..<after>")
def compared(slug: str, before: str, after: str) -> Response:
    """All that changed from one published version to a later one."""
    opened = installation()
    with opened.db.read() as session:
        newest = datasets.published(session, slug)
        for number in (before, after):
            withdrawals.refuse(session, newest.dataset_id, number)
        published = listing.published_versions(session, newest.dataset_id)
        old, new = changes.pair(published, before, after)
    diff = changes.kept(old, new, opened.storage)
    if diff is None:
        return _being_made(opened, old, new)
    page = render_template(
        "site/changes.html",
        old=old,
        new=new,
        newest=newest,
        diff=diff,
        line=words.in_one_line(diff),
        facts=words.facts(diff),
        moves=[(table, words.statistics(table)) for table in diff.tables if table.moved],
        figure=words.figure,
    )
    return make_response(page)


def _being_made(opened: Installation, old: Version, new: Version) -> Response:
    """A page that is shown until a task has compared them. Raises Busy."""
    derived_files.ask_for_comparison(opened, old, new, clock.now())
    response = make_response(render_template("site/changes_wait.html", old=old, new=new), 202)
    response.headers["Refresh"] = str(LOOK_AGAIN_SECONDS)
    response.headers["X-Robots-Tag"] = "noindex"
    response.cache_control.no_store = True
    return response


def _release(version: Version, before: Version | None) -> Release:
    notes = [c["note"] for c in version.changelog if c["version"] == version.number]
    change = ""
    if before is not None:
        diff = changes.kept(before, version, installation().storage)
        change = words.in_one_line(diff) if diff is not None else ""
    return Release(
        version=version,
        since=before.number if before else "",
        change=change,
        note=" ".join(note for note in notes if note.rstrip(".") != change),
        corrected_by=version.erratum.corrected_by.number if version.erratum else "",
    )
