"""From what is kept of an issue to the facts that its mailing is composed from.

Reads the database and the storage, changes neither; what is said of the facts is decided in
mailing.compose.
"""

from typing import Any

from sqlalchemy.orm import Session

from newsletter.catalog.describe.published import data_addresses, facts_of
from newsletter.catalog.versions import changes, errata
from newsletter.errors import Invalid
from newsletter.issues import archive
from newsletter.issues.calendar import refuse_withdrawn
from newsletter.issues.corrections import originals
from newsletter.issues.round_up import posts_of
from newsletter.mailing.content import Link
from newsletter.mailing.facts import (
    Chart,
    CorrectionFacts,
    Facts,
    IssueFacts,
    MailingFacts,
    PostFacts,
    Run,
    WrongVersion,
)
from newsletter.mailing.posts.post_blocks import figures_with_room
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue, Kind
from newsletter.models.post import Post, RunStatus
from newsletter.posts.cells import Figure, figures, from_json
from newsletter.posts.languages import BY_NAME
from newsletter.posts.posts import work_facts
from newsletter.settings import Settings
from newsletter.storage import Storage


def gather(session: Session, issue: Issue, settings: Settings, storage: Storage) -> Facts:
    """The facts of ``issue`` as things stand. Raises Invalid if it has no dataset or no post,
    or if it is a correction of nothing; Conflict if its data were withdrawn."""
    refuse_withdrawn(issue)
    match issue.kind:
        case Kind.REGULAR:
            return _issue(session, issue, settings, storage)
        case Kind.POST:
            return _post(issue, settings, storage)
        case Kind.CORRECTION:
            return _correction(session, issue, settings, storage)


def _issue(session: Session, issue: Issue, settings: Settings, storage: Storage) -> IssueFacts:
    version = issue.version
    if version is None or not version.tables:
        raise Invalid(f"The issue of {issue.date} has no dataset with a table: choose one.")
    credit: dict[str, Any] = version.credit or {}
    return IssueFacts(
        mailing=_mailing(issue, settings),
        dataset=facts_of(version, settings),
        first_rows=tuple(map(tuple, version.tables[0].preview)),
        questions=tuple(version.questions),
        caveats=tuple(version.caveats),
        curator=credit.get("curator") or "",
        hat_tip=credit.get("hat_tip") or "",
        chart=_chart(version, storage),
        previous=_previous(session, issue, settings),
        posts=tuple(
            work_facts(post, settings.base_url) for post in posts_of(session, issue, settings)
        ),
    )


def _post(issue: Issue, settings: Settings, storage: Storage) -> PostFacts:
    post = issue.post
    if post is None:
        raise Invalid(f"The mailing of {issue.slot} has no post: cancel it.")
    cells = from_json(post.cells)

    def read(figure: Figure, most: int) -> bytes:
        with storage.open(figure.key) as file:
            return file.read(most)

    return PostFacts(
        mailing=_mailing(issue, settings),
        work=work_facts(post, settings.base_url),
        credit=post.credit,
        cells=cells,
        figures=figures_with_room(figures(cells), read),
        addresses=data_addresses(post.version, settings.base_url),
        script=BY_NAME[post.language].script,
        last_run=_last_run(post),
        dataset=facts_of(post.version, settings),
    )


def _correction(
    session: Session, issue: Issue, settings: Settings, storage: Storage
) -> CorrectionFacts:
    version = issue.version
    answered = errata.corrected_by(session, version) if version else []
    if version is None or not answered:
        raise Invalid(f"The correction of {issue.date} has no erratum: cancel it.")
    return CorrectionFacts(
        mailing=_mailing(issue, settings),
        dataset=facts_of(version, settings),
        wrong=tuple(WrongVersion(erratum.version.number, erratum.note) for erratum in answered),
        received=tuple(
            Link(_named(original), _address(original, settings))
            for original in originals(session, issue)
        ),
        changes=changes.between(answered[0].version, version, storage),
    )


def _mailing(issue: Issue, settings: Settings) -> MailingFacts:
    return MailingFacts(
        kind=issue.kind.value,
        date=issue.date,
        list_title=settings.title,
        base_url=settings.base_url,
        from_address=settings.mail_from,
        postal_address=settings.postal_address,
        subject=issue.title,
        preheader=issue.preheader,
        intro=issue.intro,
    )


def _chart(version: Version, storage: Storage) -> Chart | None:
    if version.chart_png is None:
        return None
    with storage.open(version.chart_png) as file:
        return Chart(file.read(), version.chart_alt)


def _last_run(post: Post) -> Run | None:
    run = post.last_run
    if run is None or run.status is not RunStatus.RAN:
        return None
    return Run(run.at.date(), run.versions)


def _previous(session: Session, issue: Issue, settings: Settings) -> Link | None:
    earlier = archive.previous_on_topic(session, issue)
    return Link(earlier.title, _address(earlier, settings)) if earlier else None


def _named(issue: Issue) -> str:
    """What a reader knows an issue as."""
    return f"{issue.title}, {issue.date.day} {issue.date:%B %Y}"


def _address(issue: Issue, settings: Settings) -> str:
    return f"{settings.base_url}/issues/{issue.slot}"
