"""Taking a dataset, or one version of it, from the public: what that means for issues and posts,
and what is done once it can no longer be undone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from newsletter.catalog import datasets, discarding
from newsletter.catalog.versions import withdrawals
from newsletter.delivery.issue_run.pause import halt
from newsletter.installation import Installation
from newsletter.issues import calendar, corrections, listing
from newsletter.issues.notices import alert_curators
from newsletter.models.dataset import Table, Version
from newsletter.models.issue import Issue, IssueState, IssueVariant
from newsletter.models.post import Post
from newsletter.posts import cells
from newsletter.posts.cells import Code

NOT_BEGUN = (IssueState.PLANNED, IssueState.LATE)
GOING_OUT = (IssueState.SENDING, IssueState.PAUSED)
BEGUN = (*GOING_OUT, IssueState.SENT)
NOTEBOOK = "ipynb"  # the form of a post whose file holds what it put out


@dataclass(frozen=True, slots=True)
class Effects:
    """What a withdrawal takes from the public, and what it leaves to do."""

    versions: Sequence[Version]  # the newest first
    bytes: int  # of their files
    files: int
    posts: Sequence[Post]  # on them, in any state
    past: Sequence[Issue]  # that were mailed: their pages no longer show the data
    going_out: Sequence[Issue]  # they are paused
    planned: Sequence[Issue]  # they are not sent as long as it holds
    corrections: Sequence[Issue]  # planned ones of newer versions, which lose what they correct
    current: Version | None  # the newest that is public then; None: nothing is
    was_current: bool  # whether one of ``versions`` was

    @property
    def numbers(self) -> str:
        return ", ".join(version.number for version in self.versions)


def effects_of(session: Session, slug: str, number: str | None = None) -> Effects:
    """What ``withdraw`` would do. Raises NotFound, or Conflict where nothing of it is public."""
    return _effects(session, withdrawals.to_withdraw(datasets.get(session, slug), number))


def withdraw(
    session: Session, slug: str, reason: str, now: datetime, number: str | None = None
) -> Effects:
    """Take a version of a dataset, or all that is published of it, from the public: at once, and
    for good after a day. An issue that is going out is paused, and curators are told of those
    that are planned. Raises NotFound, Invalid or Conflict; nothing has changed then."""
    text = withdrawals.checked(reason)
    effects = effects_of(session, slug, number)  # while its errata are still to be seen
    versions = withdrawals.withdraw(session, slug, text, now, number)
    why = " ".join([f"{slug} {effects.numbers} was withdrawn:", *withdrawals.reasons(versions)])
    for issue in effects.going_out:
        halt(session, issue, why, now)
    if effects.planned or effects.corrections:
        _tell_of_planned(session, slug, effects, now)
    return effects


def restore(session: Session, slug: str, now: datetime, number: str | None = None) -> list[Version]:
    """Make public again what was withdrawn within the last day; an issue that was paused can be
    resumed. Raises NotFound, or Conflict with why it cannot be undone."""
    return withdrawals.restore(session, slug, now, number)


def erase(session: Session, version_id: int, now: datetime) -> Version | None:
    """Forget the data of a withdrawn version in all that was made of them. None: it was restored
    meanwhile, or somebody else did."""
    version = session.get_one(Version, version_id, with_for_update=True)
    withdrawal = version.withdrawal
    if withdrawal is None or withdrawal.erased_at is not None:
        return None
    for issue in _issues(session, [version]):
        _erase_issue(session, issue, now)
    for post in session.scalars(select(Post).where(Post.version_id == version.id)):
        _erase_outputs(session, post, now)
    withdrawals.erase(session, version, now)
    return version


def erase_due(installation: Installation, version_id: int, now: datetime) -> None:
    """The same of one whose day has passed, and of the comparisons with it."""
    with installation.db.write() as session:
        version = erase(session, version_id, now)
        if version is None:
            return
        keys = [
            table.files["parquet"]["key"]
            for other in version.dataset.versions
            for table in other.tables
        ]
    for key in keys:  # they are computed again where both versions are public
        installation.storage.remove_derived(key, ".diff")


def _effects(session: Session, versions: Sequence[Version]) -> Effects:
    issues = _issues(session, versions)
    ids = [version.id for version in versions]
    tables = session.scalars(select(Table.files).where(Table.version_id.in_(ids)))
    files = [file for by_format in tables for file in by_format.values()]
    posts = session.scalars(select(Post).where(Post.version_id.in_(ids)).order_by(Post.id))
    before = datasets.published_versions(versions[0].dataset)
    return Effects(
        versions=versions,
        bytes=sum(file["bytes"] for file in files),
        files=len(files),
        posts=list(posts),
        past=[issue for issue in issues if issue.state in BEGUN],
        going_out=[issue for issue in issues if issue.state in GOING_OUT],
        planned=[issue for issue in issues if issue.state in NOT_BEGUN],
        corrections=corrections.losing(session, versions),
        current=next((version for version in before if version not in versions), None),
        was_current=before[0] in versions,
    )


def _issues(session: Session, versions: Collection[Version]) -> list[Issue]:
    """Those about one of ``versions``, or about a post on one, the oldest first."""
    ids = [version.id for version in versions]
    on_posts = select(Post.id).where(Post.version_id.in_(ids))
    about = or_(Issue.version_id.in_(ids), Issue.post_id.in_(on_posts))
    rows = select(Issue).where(about).options(*listing.named())
    return list(session.scalars(rows.order_by(Issue.date, Issue.id)))


def _tell_of_planned(session: Session, slug: str, effects: Effects, now: datetime) -> None:
    lines = [f"{slug} {effects.numbers} was withdrawn."]
    if effects.planned:
        lines.append(
            f"It is planned for: {_slots(effects.planned)}. None of these is sent as long as that "
            "holds: choose another dataset, or cancel them."
        )
    if effects.corrections:
        lines.append(
            f"Planned to correct it: {_slots(effects.corrections)}. Who got it is no longer told "
            "so; a correction of nothing else is not sent: cancel it."
        )
    alert_curators(
        session,
        f"{slug} was withdrawn, and is planned",
        lines,
        path="/admin/issues/",
        once=f"withdrawn {slug} {now.isoformat()}",
        now=now,
    )


def _slots(issues: Sequence[Issue]) -> str:
    return ", ".join(issue.slot for issue in issues)


def _erase_issue(session: Session, issue: Issue, now: datetime) -> None:
    """Its mail as it was frozen; one that is paused can never go on."""
    if issue.state in GOING_OUT:
        calendar.cancel(session, issue, now)
    session.execute(delete(IssueVariant).where(IssueVariant.issue_id == issue.id))
    issue.message, issue.page = None, None


def _erase_outputs(session: Session, post: Post, now: datetime) -> None:
    """What its code put out; the code stays."""
    shown = cells.from_json(post.cells)
    keys = [figure.key for figure in cells.figures(shown)]
    if post.form == NOTEBOOK:
        keys, post.source_key = [*keys, post.source_key], ""
    discarding.discard_keys(session, filter(None, keys), now)
    kept = [replace(cell, outputs=()) if isinstance(cell, Code) else cell for cell in shown]
    post.cells, post.words = cells.as_json(kept), ""
