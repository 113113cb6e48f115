"""Signing in: tries that are counted, sessions that end, passwords that are reset.

A try is counted before its password is looked at, so a thousand tries at once
are a thousand tries. After ``FREE_TRIES`` wrong ones in a row an address has to
wait, longer each time; a browser that its owner has signed in with before (it
holds a *device token*) does not, so that a stranger cannot lock the owner out.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from newsletter import clock
from newsletter.curators.accounts import (
    find,
    get,
    matches,
)
from newsletter.curators.waiting import has_to_wait
from newsletter.errors import BadToken, ExpiredToken, NotFound
from newsletter.models.curator import Curator, CuratorSession
from newsletter.tokens import Signer

DEVICE, RESET = "device", "password-reset"  # token purposes

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=14)
SEEN_EVERY = timedelta(minutes=10)  # how exactly ``seen_at`` is kept
DEVICE_FOR = timedelta(days=180)
RESET_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to sign in, counted. ``succeeds`` is slow: call it in no transaction."""

    curator_id: int | None
    password_hash: str | None  # None: no such address, or it has to wait

    def succeeds(self, password: str) -> bool:
        return matches(self.password_hash, password)


@dataclass(frozen=True, slots=True)
class Place:
    """From where somebody signs in, and with what, as the list of sessions says it."""

    origin: str = ""  # the network address
    browser: str = ""  # in words
    proof: str = ""  # "password", "password and code", "passkey"


def begin_try(session: Session, signer: Signer, address: str, device: str, now: datetime) -> Try:
    """Count a try at the account of ``address``. ``device`` is the browser's token, or ""."""
    curator = find(session, address)
    if curator is None:
        return Try(None, None)
    session.refresh(curator, with_for_update=True)
    if has_to_wait(curator.failed_logins, curator.failed_at, now) and not is_own_device(
        signer, curator, device, now
    ):
        return Try(curator.id, None)
    curator.failed_logins += 1
    curator.failed_at = now
    return Try(curator.id, curator.password_hash)


def open_session(session: Session, curator_id: int, now: datetime, place: Place = Place()) -> str:
    """Sign somebody in who has proved who they are; returns the key of the new session."""
    curator = get(session, curator_id)
    curator.failed_logins, curator.failed_at = 0, None
    key = secrets.token_urlsafe(32)
    forget_expired_sessions(session, now)
    session.add(
        CuratorSession(
            key_hash=_hash(key),
            curator_id=curator.id,
            created_at=now,
            seen_at=now,
            origin=place.origin,
            browser=place.browser,
            proof=place.proof,
        )
    )
    session.flush()
    return key


def find_session(session: Session, key: str, now: datetime) -> CuratorSession | None:
    """The session of ``key``, unless it has ended or expired."""
    row = select(CuratorSession).where(CuratorSession.key_hash == _hash(key), ~_expired(now))
    return session.scalar(row)


def is_stale(row: CuratorSession, now: datetime) -> bool:
    """Whether it is time to note that the session is still in use."""
    return now - row.seen_at > SEEN_EVERY


def note_use(session: Session, number: int, now: datetime, origin: str) -> None:
    """Say of the session ``number`` that it was used just now, from ``origin``."""
    used = update(CuratorSession).where(CuratorSession.id == number)
    session.execute(used.values(seen_at=now, origin=origin))


def forget_expired_sessions(session: Session, now: datetime) -> None:
    session.execute(delete(CuratorSession).where(_expired(now)))


def end_session(session: Session, key: str) -> None:
    session.execute(delete(CuratorSession).where(CuratorSession.key_hash == _hash(key)))


def end_sessions(session: Session, curator_id: int, but: str = "") -> None:
    """Sign somebody out everywhere, except in the session of the key ``but``."""
    others = delete(CuratorSession).where(CuratorSession.curator_id == curator_id)
    session.execute(others.where(CuratorSession.key_hash != _hash(but)) if but else others)


def end_one(session: Session, curator_id: int, number: int) -> None:
    """Sign somebody out in one browser. Raises NotFound if it is not signed in."""
    row = session.get(CuratorSession, number)
    if row is None or row.curator_id != curator_id:
        raise NotFound("That browser is signed out already.")
    session.delete(row)


def sessions_of(session: Session, curator_id: int, now: datetime) -> list[CuratorSession]:
    """Where somebody is signed in, the last used first."""
    rows = select(CuratorSession).where(CuratorSession.curator_id == curator_id, ~_expired(now))
    return list(session.scalars(rows.order_by(CuratorSession.seen_at.desc())))


def device_token(signer: Signer, curator_id: int, now: datetime) -> str:
    """What a browser keeps to show that its owner has signed in with it before."""
    return signer.sign(DEVICE, str(curator_id), now + DEVICE_FOR)


def is_own_device(signer: Signer, curator: Curator, device: str, now: datetime) -> bool:
    try:
        return signer.read(DEVICE, device, now) == str(curator.id)
    except (BadToken, ExpiredToken):
        return False


def reset_token(signer: Signer, curator: Curator, now: datetime) -> str:
    """A token that sets a new password: for an hour, and once, since it names the old one."""
    return signer.sign(RESET, f"{curator.id} {_old(signer, curator)}", now + RESET_FOR)


def by_reset_token(session: Session, signer: Signer, token: str, now: datetime) -> Curator:
    """Whose password the token may set. Raises BadToken or ExpiredToken."""
    number, old = signer.read(RESET, token, now).split(" ")
    curator = session.get(Curator, int(number))
    if curator is None or not secrets.compare_digest(_old(signer, curator), old):
        raise BadToken("This link was used already. Ask for a new one.")
    return curator


def _old(signer: Signer, curator: Curator) -> str:
    return signer.fingerprint(RESET, curator.password_hash)


def _expired(now: datetime) -> ColumnElement[bool]:
    """Too old, unused for too long, or of a clock that was wrong: it would outlast its time."""
    latest = now + clock.MAY_DIFFER
    return or_(
        ~CuratorSession.created_at.between(now - ABSOLUTE, latest),
        ~CuratorSession.seen_at.between(now - IDLE, latest),
    )


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
