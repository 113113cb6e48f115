"""What readers brought, until curators have decided and the person has been told."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from newsletter.audience.suppression import address_hash, is_suppressed
from newsletter.catalog import datasets
from newsletter.email_address import parse_address
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.dataset import Dataset
from newsletter.models.delivery import DeliveryState, Notice, NoticeKind
from newsletter.models.post import Post
from newsletter.models.submission import Submission, SubmissionKind, SubmissionState
from newsletter.paging import SIZE, Page, fetch
from newsletter.submissions.form import NOT_SENT, Offer, checked
from newsletter.submissions.limits import SENT_ALREADY, refuse_beyond_limits
from newsletter.submissions.replies import Answer, answer_to
from newsletter.tokens import Signer

MOST = 2**63 - 1  # that a number can be, in both databases
ADDRESS_KEPT_FOR = timedelta(days=90)
SETTLED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.EXCLUDED)


def submit(session: Session, offer: Offer, now: datetime) -> Submission:
    """Keep an offer for the curators; the same one sent again is kept once.

    Raises what ``refuse`` does.
    """
    clean, dataset_id = _taken(session, offer)
    file = clean.file
    new = Submission(
        kind=clean.kind,
        state=SubmissionState.WAITING,
        dataset_id=dataset_id,
        title=clean.title,
        about=clean.about,
        link=clean.link or None,
        file_key=file.key if file else None,
        file_name=file.name if file else None,
        license=clean.license or None,
        name=clean.name,
        address=clean.address or None,
        form_key=clean.form_key,
        created_at=now,
        answer="",
    )
    before = _same(session, new)
    if before is not None:
        return before
    refuse_beyond_limits(session, clean, now)
    session.add(new)
    try:
        session.flush()
    except IntegrityError as error:  # sent twice at once
        raise Conflict(SENT_ALREADY) from error
    return new


def refuse(session: Session, offer: Offer, now: datetime) -> None:
    """Raises what is wrong with an offer, before its file is kept: Invalid with a sentence for
    each field, Conflict where its form has carried another, or TooMany where the curators have
    more before them than they can look at."""
    clean, _ = _taken(session, offer)
    if clean.file is not None and not clean.file.key:  # a file in storage may have come before
        refuse_beyond_limits(session, clean, now)


def _taken(session: Session, offer: Offer) -> tuple[Offer, int | None]:
    """The offer as it is kept, and the number of the dataset that it is about."""
    clean = checked(offer)
    return clean, _about(session, clean)


def waiting(session: Session) -> Sequence[Submission]:
    """Those that nobody has decided on, the oldest first."""
    return session.scalars(_waiting()).all()


def waiting_page(session: Session, number: int = 1, size: int = SIZE) -> Page[Submission]:
    """A page of them."""
    return fetch(session, _waiting(), number, size)


def count_waiting(session: Session) -> int:
    rows = select(func.count()).where(Submission.state == SubmissionState.WAITING)
    return session.scalar(rows) or 0


def decided(session: Session, number: int = 1) -> Page[Submission]:
    """A page of those that were decided on, the last first."""
    rows = (
        select(Submission)
        .where(Submission.state != SubmissionState.WAITING)
        .order_by(Submission.decided_at.desc(), Submission.id.desc())
        .options(joinedload(Submission.dataset))
    )
    return fetch(session, rows, number)


def get(session: Session, number: int) -> Submission:
    """Raises NotFound."""
    return _found(session, number, lock=False)


def refuse_decided(submission: Submission) -> None:
    """Raises Conflict with who decided on it, and how."""
    if submission.state is not SubmissionState.WAITING:
        raise Conflict(f"It was {submission.state.value} by {submission.decided_by} already.")


def accept(
    session: Session,
    signer: Signer,
    number: int,
    by: str,
    words: str,
    now: datetime,
    dataset: Dataset | None = None,
    post: Post | None = None,
) -> Submission:
    """Take it up, and owe the person the news: as the draft ``dataset`` that became of it,
    as the draft ``post``, or, of code, as an entry on the page of its dataset.

    ``words`` are what the curator ``by`` says to the person. Raises Conflict if it was
    decided before, and Invalid where it is neither.
    """
    submission = _undecided(session, number)
    if submission.kind is SubmissionKind.DATASET:
        if dataset is None:
            raise Invalid("Make a draft of it: that accepts it.")
        submission.dataset_id = dataset.id
    elif submission.dataset_id is None:
        raise Conflict("The dataset that it is about is gone: decline it.")
    submission.post_id = post.id if post else None
    _decide(session, signer, submission, SubmissionState.ACCEPTED, by, words, now)
    return submission


def decline(
    session: Session, signer: Signer, number: int, by: str, words: str, now: datetime
) -> Submission:
    """Do not take it up. Without ``words`` the person is not told: so is spam declined.
    Its file is no longer kept. Raises Conflict if it was decided before."""
    submission = _undecided(session, number)
    submission.file_key = None
    _decide(session, signer, submission, SubmissionState.DECLINED, by, words, now)
    return submission


def made_with(session: Session, dataset: Dataset, number: int = 1) -> Page[Submission]:
    """A page of the accepted code on a dataset, the newest first; without what became a post."""
    return fetch(session, _made_with(dataset), number)


def made_with_file(session: Session, dataset: Dataset, key: str) -> Submission | None:
    """The accepted code on a dataset whose file has a storage key that begins with ``key``."""
    rows = _made_with(dataset).where(Submission.file_key.startswith(key, autoescape=True))
    return session.scalars(rows.limit(1)).first()


def forget_addresses(session: Session, now: datetime) -> int:
    """Forget the address of who has got their answer, and of who got none for 90 days;
    returns how many."""
    answers = session.scalars(select(Notice).where(Notice.kind == NoticeKind.ANSWER)).all()
    done = {answer.once for answer in answers if answer.state in SETTLED}
    oldest = now - ADDRESS_KEPT_FOR
    forgotten = [
        submission
        for submission in session.scalars(select(Submission).where(Submission.address.is_not(None)))
        if _occasion(submission) in done
        or (submission.decided_at or submission.created_at) <= oldest
    ]
    for submission in forgotten:
        submission.address = None
        done.add(_occasion(submission))
    session.execute(delete(Notice).where(Notice.kind == NoticeKind.ANSWER, Notice.once.in_(done)))
    return len(forgotten)


def kept_files(session: Session) -> set[str]:
    """The storage keys of the files that submissions have."""
    keys = session.scalars(select(Submission.file_key).where(Submission.file_key.is_not(None)))
    return {key for key in keys if key}


def _waiting() -> Select[Submission]:
    return (
        select(Submission)
        .where(Submission.state == SubmissionState.WAITING)
        .order_by(Submission.created_at, Submission.id)
        .options(joinedload(Submission.dataset))
    )


def _made_with(dataset: Dataset) -> Select[Submission]:
    return (
        select(Submission)
        .where(
            Submission.kind == SubmissionKind.CODE,
            Submission.state == SubmissionState.ACCEPTED,
            Submission.dataset_id == dataset.id,
            or_(Submission.link.is_not(None), Submission.file_key.is_not(None)),
            Submission.post_id.is_(None),
        )
        .order_by(Submission.decided_at.desc(), Submission.id.desc())
    )


def _about(session: Session, offer: Offer) -> int | None:
    """The number of the dataset that code is about. Raises Invalid."""
    if offer.kind is SubmissionKind.DATASET:
        return None
    try:
        return datasets.published(session, offer.dataset).dataset_id
    except NotFound as error:
        sentence = "Choose the dataset that your code is about."
        raise Invalid(NOT_SENT, {"dataset": sentence}) from error


def _same(session: Session, new: Submission) -> Submission | None:
    """One like ``new`` that waits already."""
    return session.scalar(
        select(Submission).where(
            Submission.state == SubmissionState.WAITING,
            Submission.kind == new.kind,
            Submission.title == new.title,
            Submission.about == new.about,
            Submission.link.is_not_distinct_from(new.link),
            Submission.file_key.is_not_distinct_from(new.file_key),
            Submission.dataset_id.is_not_distinct_from(new.dataset_id),
        )
    )


def _undecided(session: Session, number: int) -> Submission:
    """Locked, so that of two curators one decides. Raises NotFound or Conflict."""
    submission = _found(session, number, lock=True)
    refuse_decided(submission)
    return submission


def _found(session: Session, number: int, lock: bool) -> Submission:
    if number <= MOST:
        submission = session.get(Submission, number, with_for_update=lock, populate_existing=lock)
        if submission is not None:
            return submission
    raise NotFound("There is no such submission.")


def _decide(
    session: Session,
    signer: Signer,
    submission: Submission,
    state: SubmissionState,
    by: str,
    words: str,
    now: datetime,
) -> None:
    submission.state, submission.answer = state, words.strip()
    submission.decided_by, submission.decided_at = by, now
    session.flush()
    session.refresh(submission, ["dataset"])
    answer = answer_to(submission)
    if answer is None or not _may_be_told(session, signer, submission):
        submission.address = None
    else:
        session.add(_notice(submission, answer, now))
    session.flush()


def _may_be_told(session: Session, signer: Signer, submission: Submission) -> bool:
    if submission.address is None:
        return False
    return not is_suppressed(session, address_hash(signer, parse_address(submission.address)))


def _notice(submission: Submission, answer: Answer, now: datetime) -> Notice:
    return Notice(
        kind=NoticeKind.ANSWER,
        address=submission.address,
        subject=answer.subject,
        lines=list(answer.lines),
        path=answer.path,
        once=_occasion(submission),
        created_at=now,
        not_before=now,
    )


def _occasion(submission: Submission) -> str:
    return f"submission {submission.id}"
