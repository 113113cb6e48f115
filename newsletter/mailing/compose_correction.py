"""From errata and what changed to what a correction says. Pure."""

from newsletter.mailing.content import CorrectionContent, Fact, Link
from newsletter.mailing.facts import CorrectionFacts
from newsletter.mailing.styled import prose
from newsletter.tables.diff import words

PREHEADER_AT_MOST = 150


def compose_correction(facts: CorrectionFacts) -> CorrectionContent:
    mailing, dataset, wrong = facts.mailing, facts.dataset, facts.wrong
    notes = tuple(dict.fromkeys(version.note for version in reversed(wrong)))
    return CorrectionContent(
        date=mailing.date,
        list_title=mailing.list_title,
        base_url=mailing.base_url,
        from_address=mailing.from_address,
        postal_address=mailing.postal_address,
        subject=mailing.subject,
        preheader=mailing.preheader or _shortened(notes[0]),
        title=dataset.title,
        slug=dataset.slug,
        notes=notes,
        received=facts.received,
        words=prose(mailing.intro) if mailing.intro else None,
        version=dataset.version,
        wrong=tuple(
            Link(version.number, f"{dataset.url}/v/{version.number}/") for version in wrong
        ),
        changes=tuple(Fact(what, how) for what, how in words.facts(facts.changes)),
        steps=_steps(dataset.version, wrong[-1].number),
        page_url=dataset.version_url,
        changes_url=f"{dataset.url}/v/{wrong[0].number}..{dataset.version}",
    )


def _steps(new: str, old: str) -> tuple[str, ...]:
    load = f"Load version {new}: in the address of a file, /v/{old}/ becomes /v/{new}/."
    repeat = f"Repeat what you made with {old}, or say beside it which version it is from."
    keep = "The old files stay where they are, byte for byte, so that it can still be checked."
    return load, repeat, keep


def _shortened(note: str) -> str:
    if len(note) <= PREHEADER_AT_MOST:
        return note
    return note[:PREHEADER_AT_MOST].rsplit(" ", 1)[0].rstrip(",;:") + " …"
