"""A week's findings as one mail."""

from collections.abc import Iterable

from newsletter.catalog.checks.findings import Finding, Weight

AT_MOST = 50  # lines: nobody reads more of them in a mail


def digest(findings: Iterable[Finding]) -> tuple[str, list[str]] | None:
    """Its subject and its lines, what is wrong first; None: there is nothing to say."""
    worth_telling = [finding for finding in findings if finding.weight is not Weight.ASIDE]
    if not worth_telling:
        return None
    wrong = sum(finding.weight is Weight.WRONG for finding in worth_telling)
    subject = f"The catalog: {wrong} to mend, {len(worth_telling) - wrong} to look at"
    lines = [
        f"{finding.slug}, {finding.about}: {finding.sentence}"
        for finding in worth_telling[:AT_MOST]
    ]
    more = [f"And {len(worth_telling) - AT_MOST} more."] if len(worth_telling) > AT_MOST else []
    return subject, [*lines, *more, "`newsletter dataset check` looks again."]
