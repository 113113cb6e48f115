"""What a person who brought something is told. Plain text; the mail's template dresses it."""

from dataclasses import dataclass

from newsletter.models.submission import Submission, SubmissionKind, SubmissionState


@dataclass(frozen=True, slots=True)
class Answer:
    subject: str
    lines: tuple[str, ...]  # what was decided; then the curator's own words, a paragraph each
    path: str = ""  # the page of the site where to see it; empty: there is none


def answer_to(submission: Submission) -> Answer | None:
    """None: a curator who declines without a word tells the person nothing."""
    paragraphs = tuple(" ".join(part.split()) for part in submission.answer.split("\n\n"))
    words = tuple(filter(None, paragraphs))
    if submission.state is SubmissionState.ACCEPTED:
        subject = f"Accepted: {submission.title}"
        return Answer(subject, (_accepted(submission), *words), _page(submission))
    if not words:
        return None
    decided = f"Thank you for “{submission.title}”. We looked at it, and do not take it up."
    return Answer(f"About “{submission.title}”", (decided, *words))


def _accepted(submission: Submission) -> str:
    if submission.kind is SubmissionKind.DATASET:
        return (
            f"Thank you for “{submission.title}”. It is a draft in our catalog now, with a credit "
            f"to {submission.name}; it is public once its columns are described."
        )
    if submission.post_id is not None:
        return (
            f"Thank you for “{submission.title}”. It is a draft of a post now, with a credit "
            f"to {submission.name}; it is public once it has run against the data."
        )
    return (
        f"Thank you for “{submission.title}”. It stands on the page of what people made with "
        f"the dataset, with a credit to {submission.name}."
    )


def _page(submission: Submission) -> str:
    if submission.kind is SubmissionKind.DATASET or submission.dataset is None:
        return "/datasets/"
    return f"/datasets/{submission.dataset.slug}/made-with"
