"""What readers of four weeks are promised, worked out from the promises alone.

Nothing here asks the program: who a reader is at a moment is known from what they did, and
what goes out when from what the curators did.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Wish = Literal["monday", "daily", "left"]
Life = Sequence[tuple[datetime, Wish]]  # since when a reader wants what, in order


@dataclass(frozen=True)
class Opening:
    """A dataset, on a Monday."""

    at: datetime
    title: str


@dataclass(frozen=True)
class Piece:
    """A post, public from a moment on. ``mailed``: by a mail of its own, at that moment."""

    at: datetime
    slug: str
    title: str
    about: str  # the title of its dataset
    mailed: bool = True


@dataclass(frozen=True)
class Mended:
    """A correction, of what was opened wrongly."""

    at: datetime
    title: str


@dataclass(frozen=True)
class Mail:
    """What a reader finds: its subject, and the slugs of the posts that it lists."""

    subject: str
    listed: frozenset[str] = frozenset()


def wish(life: Life, moment: datetime) -> Wish:
    """What a reader wants at a moment; before the first of them they are nobody."""
    wishes = [what for since, what in life if since < moment]
    return wishes[-1] if wishes else "left"


def promised(
    life: Life, openings: Sequence[Opening], pieces: Sequence[Piece], mended: Sequence[Mended]
) -> list[Mail]:
    """The mails of one reader, in order."""
    mails: list[tuple[datetime, Mail]] = []
    mailed = [p for p in pieces if p.mailed and wish(life, p.at) == "daily"]
    mails += [(piece.at, Mail(piece.title)) for piece in mailed]
    got_wrong: Mapping[str, list[datetime]] = {m.title: [] for m in mended}
    for piece in mailed:
        got_wrong.get(piece.about, []).append(piece.at)
    before = openings[0].at - timedelta(days=7)
    for opening in openings:
        if wish(life, opening.at) != "left":
            week = {p.slug for p in pieces if before < p.at <= opening.at}
            by_mail = {p.slug for p in mailed}
            mails.append((opening.at, Mail(opening.title, frozenset(week - by_mail))))
            got_wrong.get(opening.title, []).append(opening.at)
        before = opening.at
    for each in mended:
        had_it = any(at < each.at for at in got_wrong[each.title])
        if had_it and wish(life, each.at) != "left":
            mails.append((each.at, Mail(f"Correction: {each.title}")))
    return [mail for _, mail in sorted(mails, key=lambda pair: pair[0])]
