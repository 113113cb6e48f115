"""The history of a dataset: its versions, what changed in each, what was wrong with one."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template

from newsletter.catalog import datasets, listing
from newsletter.catalog.versions import changes
from newsletter.models.dataset import Version
from newsletter.tables.diff import words
from newsletter.web.context import installation

blueprint = Blueprint("versions", __name__)


@dataclass(frozen=True, slots=True)
class Release:
    """A published version beside those before it."""

    version: Version
    since: str  # the number of the one before; empty: it is the first
    change: str  # in one line
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
        published = listing.published_versions(session, newest.dataset_id)
        old, new = changes.pair(published, before, after)
        diff = changes.between(old, new, opened.storage)
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


def _release(version: Version, before: Version | None) -> Release:
    notes = [c["note"] for c in version.changelog if c["version"] == version.number]
    change = ""
    if before is not None:
        change = words.in_one_line(changes.between(before, version, installation().storage))
    return Release(
        version=version,
        since=before.number if before else "",
        change=change,
        note=" ".join(note for note in notes if note.rstrip(".") != change),
        corrected_by=version.erratum.corrected_by.number if version.erratum else "",
    )
