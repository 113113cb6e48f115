"""From errata and what changed to what a correction says."""

from sqlalchemy.orm import Session

from newsletter.catalog import markdown
from newsletter.catalog.versions import changes, errata
from newsletter.errors import Invalid
from newsletter.issues.corrections import originals
from newsletter.mailing.content import CorrectionContent, Fact, Link, Prose
from newsletter.mailing.styled import spaced
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tables.diff import words

PREHEADER_AT_MOST = 150


def compose_correction(
    session: Session, issue: Issue, settings: Settings, storage: Storage
) -> CorrectionContent:
    """What ``issue`` says. Raises Invalid if its version corrects none."""
    version = issue.version
    said = errata.corrected_by(session, version) if version else []
    if version is None or not said:
        raise Invalid(f"The correction of {issue.date} has no erratum: cancel it.")
    page = f"{settings.base_url}/datasets/{version.dataset.slug}"
    first = said[0].version
    notes = tuple(dict.fromkeys(erratum.note for erratum in reversed(said)))
    return CorrectionContent(
        date=issue.date,
        list_title=settings.title,
        base_url=settings.base_url,
        from_address=settings.mail_from,
        postal_address=settings.postal_address,
        subject=issue.title,
        preheader=issue.preheader or _shortened(notes[0]),
        title=version.title,
        slug=version.dataset.slug,
        notes=notes,
        received=tuple(
            Link(named(original), f"{settings.base_url}/issues/{original.slot}")
            for original in originals(session, issue)
        ),
        words=Prose(spaced(markdown.render(issue.intro)), markdown.plain(issue.intro))
        if issue.intro
        else None,
        version=version.number,
        wrong=tuple(_link(erratum.version, page) for erratum in said),
        changes=tuple(
            Fact(what, how) for what, how in words.facts(changes.between(first, version, storage))
        ),
        steps=_steps(version, said[-1].version),
        page_url=f"{page}/v/{version.number}/",
        changes_url=f"{page}/v/{first.number}..{version.number}",
    )


def named(issue: Issue) -> str:
    """What a reader knows an issue as."""
    return f"{issue.title}, {issue.date.day} {issue.date:%B %Y}"


def _link(version: Version, page: str) -> Link:
    return Link(version.number, f"{page}/v/{version.number}/")


def _steps(version: Version, wrong: Version) -> tuple[str, ...]:
    new, old = version.number, wrong.number
    load = f"Load version {new}: in the address of a file, /v/{old}/ becomes /v/{new}/."
    repeat = f"Repeat what you made with {old}, or say beside it which version it is from."
    keep = "The old files stay where they are, byte for byte, so that it can still be checked."
    return load, repeat, keep


def _shortened(note: str) -> str:
    if len(note) <= PREHEADER_AT_MOST:
        return note
    return note[:PREHEADER_AT_MOST].rsplit(" ", 1)[0].rstrip(",;:") + " …"
