"""Curators: who may run the newsletter, their roles and their passwords."""

import secrets
from datetime import datetime
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.email_address import (
    address_key,
    parse_address,
)
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.curator import Curator, Role

PASSWORD_AT_LEAST, PASSWORD_AT_MOST = 12, 1000  # characters (NIST SP 800-63B 5.1.1)
HASHER = PasswordHasher()  # argon2id, RFC 9106's low-memory parameters


def add_curator(
    session: Session, address: str, role: Role, password: str | None, now: datetime
) -> Curator:
    """A new curator. Without a password nobody can sign in until one is set.

    Raises InvalidAddress, Invalid for a password that is too short, or Conflict
    if the address has an account already.
    """
    parsed = parse_address(address)
    if find(session, str(parsed)) is not None:
        raise Conflict(f"{parsed} is a curator already.")
    curator = Curator(
        address=str(parsed),
        address_key=address_key(parsed),
        role=role,
        password_hash=hashed(password if password is not None else secrets.token_urlsafe(32)),
        created_at=now,
    )
    session.add(curator)
    session.flush()
    return curator


def find(session: Session, address: str) -> Curator | None:
    """Whose address it is, however it is capitalised."""
    key = address_key(address.strip())
    return session.scalar(select(Curator).where(Curator.address_key == key))


def get(session: Session, number: int) -> Curator:
    """Raises NotFound."""
    curator = session.get(Curator, number)
    if curator is None:
        raise NotFound("There is no such curator any more.")
    return curator


def everyone(session: Session) -> list[Curator]:
    """All curators, by address."""
    return list(session.scalars(select(Curator).order_by(Curator.address_key)))


def remove(session: Session, curator: Curator) -> None:
    """Take somebody's access away at once. Raises Conflict for the last owner."""
    _refuse_last_owner(session, curator, "removed")
    session.delete(curator)
    session.flush()


def role_named(name: str) -> Role:
    """Raises Invalid: a word that is not understood gives nobody anything."""
    if name not in set(Role):
        raise Invalid(f"Choose a role: {', '.join(Role)}.", {"role": "Choose one of these."})
    return Role(name)


def change_role(session: Session, curator: Curator, role: Role) -> None:
    """Raises Conflict if no owner would be left."""
    if role is not Role.OWNER:
        _refuse_last_owner(session, curator, f"made {role.value}")
    curator.role = role


def set_password(curator: Curator, password: str) -> None:
    """Change the password and forget the failed logins. Raises Invalid.

    Ending the sessions that the old one opened is the caller's, who knows
    which of them is to stay: see logins.end_sessions.
    """
    curator.password_hash = hashed(password)
    curator.failed_logins, curator.failed_at = 0, None


def hashed(password: str) -> str:
    """The argon2id hash of a password. Raises Invalid if it is too short or too long."""
    if not PASSWORD_AT_LEAST <= len(password) <= PASSWORD_AT_MOST:
        message = f"Choose a password of at least {PASSWORD_AT_LEAST} characters."
        raise Invalid(message, {"password": message})
    return HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether ``password`` made ``password_hash``; the same work if there is no hash."""
    try:
        HASHER.verify(password_hash or _nobodys_hash(), password[:PASSWORD_AT_MOST])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    return HASHER.hash(secrets.token_urlsafe(32))


def _refuse_last_owner(session: Session, curator: Curator, what: str) -> None:
    # The rows are locked so that two owners cannot remove each other at once.
    owners = select(Curator.id).where(Curator.role == Role.OWNER).with_for_update()
    if list(session.scalars(owners)) == [curator.id]:
        raise Conflict(
            f"{curator.address} is the last owner and cannot be {what}: make another owner first."
        )
