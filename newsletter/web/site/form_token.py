"""Forms that a program sends: it fills in a field that people do not see, it never opened the
form, or it sends it at once. When a form was opened is signed."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from newsletter import clock
from newsletter.errors import BadToken, ExpiredToken
from newsletter.web.context import installation

PURPOSE = "form"
FILLED_AFTER = timedelta(seconds=3)  # a person takes longer
GOOD_FOR = timedelta(days=1)

HONEYPOT = "website"  # the field that is hidden from people
STALE = "This form was open for too long. Nothing you typed is lost: send it again."
TOO_FAST = "That was quick. Nothing you typed is lost: look it through, and send it again."


def is_by_a_program(typed: Mapping[str, str]) -> bool:
    return bool(typed.get(HONEYPOT))


def issued(form: str, now: datetime) -> str:
    """The token of a form that is opened now."""
    value = f"{form} {int(now.timestamp())} {secrets.token_hex(8)}"
    return installation().signer.sign(PURPOSE, value, now + GOOD_FOR)


def problem(token: str, form: str, now: datetime) -> str | None:
    """Why a form that came with ``token`` is not taken yet; None: it is."""
    opened = _opened(token, form, now)
    if opened is None:
        return STALE
    return TOO_FAST if clock.is_recent(opened, FILLED_AFTER, now) else None


def renewed(token: str, form: str, now: datetime) -> str:
    """The token of a form that is shown: ``token`` while it is good, so that who mends
    something need not wait; else a new one."""
    if _opened(token, form, now) is not None:
        return token
    return issued(form, now)


def _opened(token: str, form: str, now: datetime) -> datetime | None:
    try:
        name, seconds, *_ = installation().signer.read(PURPOSE, token, now).split(" ")
    except (BadToken, ExpiredToken):
        return None
    return datetime.fromtimestamp(int(seconds), UTC) if name == form else None


def key_of(token: str) -> str:
    """What a form is known by once it was sent."""
    return installation().signer.fingerprint(PURPOSE, token)
