"""Addresses that are never mailed again, known only by a keyed hash."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.email_address import (
    Address,
    address_key,
)
from newsletter.models.subscriber import Suppression, SuppressionReason
from newsletter.tokens import Signer

PURPOSE = "address"


def address_hash(signer: Signer, address: Address) -> str:
    """The keyed hash under which an address is suppressed: 32 hex digits."""
    return signer.fingerprint(PURPOSE, address_key(address))


def is_suppressed(session: Session, hashed: str) -> bool:
    return (
        session.scalar(select(Suppression.id).where(Suppression.address_hash == hashed)) is not None
    )


def suppressed_among(session: Session, hashes: Collection[str]) -> set[str]:
    """Those of ``hashes`` that are suppressed."""
    rows = select(Suppression.address_hash).where(Suppression.address_hash.in_(hashes))
    return set(session.scalars(rows))


def suppress(
    session: Session,
    hashed: str,
    reason: SuppressionReason,
    now: datetime,
    detail: str | None = None,
) -> None:
    """Never mail that address again. The first reason stays."""
    if not is_suppressed(session, hashed):
        session.add(Suppression(address_hash=hashed, reason=reason, at=now, detail=detail))
        session.flush()
