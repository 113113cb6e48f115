"""Which curator an identity of the provider is.

The first time, the curator of its verified address; from then on whoever the provider calls by
that subject, whatever their address becomes. So who is given an address later, at the same
provider, is not the curator who had it. No curator is made by signing in, and no role given.
"""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.curators import accounts
from newsletter.curators.identity_provider import Identity
from newsletter.errors import Conflict, NotFound, Refused
from newsletter.models.curator import Curator, ProviderIdentity

PROOF = "identity provider"  # of a session that it opened: it answers for the second factor
UNVERIFIED = "The identity provider vouches for no address of yours: have it verified there."
NOBODY = "No curator has the address of your account there. Ask an owner to add you."
ANOTHER = "Another account there signs in as the curator of your address. Ask an owner to undo it."


def curator_of(session: Session, identity: Identity, now: datetime) -> Curator:
    """Who it is; bound to it if this is the first time. Raises Refused."""
    bound = select(ProviderIdentity).where(
        ProviderIdentity.issuer == identity.issuer, ProviderIdentity.subject == identity.subject
    )
    known = session.scalar(bound)
    if known is not None:
        return accounts.get(session, known.curator_id)
    if not identity.address:
        raise Refused(UNVERIFIED)
    curator = accounts.find(session, identity.address)
    # Letters beyond ASCII are never folded: some have a capital that looks like another's.
    if curator is None or not (identity.address.isascii() or identity.address == curator.address):
        raise Refused(NOBODY)
    session.refresh(curator, with_for_update=True)  # two at once are not both the first
    if session.get(ProviderIdentity, (curator.id, identity.issuer)) is not None:
        raise Conflict(ANOTHER)
    session.add(
        ProviderIdentity(
            curator_id=curator.id,
            issuer=identity.issuer,
            subject=identity.subject,
            bound_at=now,
        )
    )
    session.flush()
    return curator


def bound_curators(session: Session) -> frozenset[int]:
    """The numbers of those who have signed in by a provider."""
    return frozenset(session.scalars(select(ProviderIdentity.curator_id)))


def unbind(session: Session, curator_id: int) -> None:
    """Let the next verified account of the curator's address be theirs. Raises NotFound."""
    rows = delete(ProviderIdentity).where(ProviderIdentity.curator_id == curator_id)
    if curator_id not in bound_curators(session):
        raise NotFound("No account of an identity provider is theirs.")
    session.execute(rows)
