"""How much of what readers bring is taken: of one form, in a day, and until curators decide."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.errors import Conflict, TooMany
from newsletter.models.submission import Submission, SubmissionState
from newsletter.submissions.form import Offer

WAITING_AT_MOST = 500
A_DAY_AT_MOST = 50  # so that filling the queue takes ten days, of each of which curators hear
SENT_ALREADY = "This form was sent already. To bring something else, send it once more."


def refuse_beyond_limits(session: Session, offer: Offer, now: datetime) -> None:
    """Raises Conflict where the form of ``offer`` has carried another, and TooMany where the
    curators have more before them than they can look at."""
    if offer.form_key is not None:
        of_form = select(Submission).where(Submission.form_key == offer.form_key)
        before = session.scalar(of_form)
        if before is not None and (before.title, before.about) != (offer.title, offer.about):
            raise Conflict(SENT_ALREADY)
    today = select(func.count()).where(Submission.created_at > now - timedelta(days=1))
    if (session.scalar(today) or 0) >= A_DAY_AT_MOST:
        raise TooMany("More came today than we can look at: try again tomorrow.")
    waiting = select(func.count()).where(Submission.state == SubmissionState.WAITING)
    if (session.scalar(waiting) or 0) >= WAITING_AT_MOST:
        raise TooMany("More is waiting here than we can look at: try again in a week.")
