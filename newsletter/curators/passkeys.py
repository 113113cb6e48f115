"""Passkeys (WebAuthn): a device of the curator's signs a challenge, once it knows its owner.

They are a way in of their own: user verification is demanded, so that one is something one has
and something one knows or is. A challenge is fresh, and counts once: the passkey keeps when the
last one was made, and takes none of then or before.
"""

import ipaddress
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import select
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from newsletter import clock
from newsletter.curators.accounts import get
from newsletter.errors import Conflict, Invalid, NotFound
from newsletter.models.curator import Passkey
from newsletter.tokens import Signer

USER = "passkey user"  # purpose of a derived key
ANSWER_WITHIN = timedelta(minutes=5)
AT_MOST, NAME_LENGTH, ANSWER_LENGTH = 20, 80, 20_000
STALE = "That took too long, or was asked for in another window. Try again."
UNKNOWN = "This passkey is not known here: sign in with your password."
# What the library raises over an answer that no browser gives.
MALFORMED = (
    *(WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError),
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a browser was asked to sign, and when."""

    nonce: bytes
    made_at: datetime

    @classmethod
    def new(cls, now: datetime) -> "Challenge":
        return cls(secrets.token_bytes(32), now)

    def check(self, now: datetime) -> None:
        """Raises Invalid once it is too old."""
        if not clock.is_recent(self.made_at, ANSWER_WITHIN, now):
            raise Invalid(STALE)


@dataclass(frozen=True, slots=True)
class Site:
    """To whom a passkey belongs: it works at no other address."""

    base_url: str
    title: str

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    @property
    def origin(self) -> str:
        parts = urlsplit(self.base_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def has_name(self) -> bool:
        """Whether browsers make passkeys for it: they make none for an IP address."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return True
        return False


def registration_options(
    session: Session, signer: Signer, site: Site, curator_id: int, challenge: Challenge
) -> str:
    """What the browser is asked to make, as JSON. Raises NotFound, or Conflict for too many."""
    curator = get(session, curator_id)
    known = of_curator(session, curator_id)
    if len(known) >= AT_MOST:
        raise Conflict("Remove a passkey first: there are enough.")
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=site.title,
        user_id=bytes.fromhex(signer.fingerprint(USER, str(curator_id))),
        user_name=curator.address,
        challenge=challenge.nonce,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential_id)) for key in known
        ],
    )
    return webauthn.options_to_json(options)


def register(
    session: Session,
    site: Site,
    curator_id: int,
    name: str,
    answer: str,
    challenge: Challenge,
    now: datetime,
) -> Passkey:
    """Keep the passkey that the browser made. Raises Invalid, or Conflict if it is known."""
    challenge.check(now)
    try:
        made = webauthn.verify_registration_response(
            credential=_parsed(answer),
            expected_challenge=challenge.nonce,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except MALFORMED as error:
        raise Invalid("The browser made no passkey that can be used. Try again.") from error
    credential_id = bytes_to_base64url(made.credential_id)
    if _find(session, credential_id) is not None:
        raise Conflict("This passkey is known already.")
    shown = "".join(c for c in name if c.isprintable()).strip()[:NAME_LENGTH]
    passkey = Passkey(
        curator_id=curator_id,
        credential_id=credential_id,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=shown or "Passkey",
        created_at=now,
    )
    session.add(passkey)
    session.flush()
    return passkey


def sign_in_options(site: Site, challenge: Challenge) -> str:
    """What the browser is asked to sign, with whichever passkey its owner chooses, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        challenge=challenge.nonce,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def signed_in(
    session: Session, site: Site, answer: str, challenge: Challenge, now: datetime
) -> int:
    """The number of the curator whose passkey has signed the challenge. Raises Invalid."""
    challenge.check(now)
    passkey = None
    try:
        parsed = _parsed(answer)
        passkey = _find(session, str(parsed["id"]))
        if passkey is None:
            raise Invalid(UNKNOWN)
        proof = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=challenge.nonce,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except MALFORMED as error:
        raise Invalid("The passkey did not sign in. Try again.") from error
    if passkey.challenged_at is not None and challenge.made_at <= passkey.challenged_at:
        raise Invalid(STALE)
    passkey.challenged_at, passkey.used_at = challenge.made_at, now
    passkey.sign_count = proof.new_sign_count
    return passkey.curator_id


def of_curator(session: Session, curator_id: int) -> list[Passkey]:
    """The oldest first."""
    rows = select(Passkey).where(Passkey.curator_id == curator_id).order_by(Passkey.id)
    return list(session.scalars(rows))


def remove(session: Session, curator_id: int, number: int) -> None:
    """Raises NotFound, also for one of somebody else's."""
    passkey = session.get(Passkey, number)
    if passkey is None or passkey.curator_id != curator_id:
        raise NotFound("There is no such passkey any more.")
    session.delete(passkey)


def _find(session: Session, credential_id: str) -> Passkey | None:
    """Locked, so that a challenge counts once."""
    row = select(Passkey).where(Passkey.credential_id == credential_id)
    return session.scalar(row.with_for_update())


def _parsed(answer: str) -> dict[str, Any]:
    """Raises ValueError."""
    if len(answer) > ANSWER_LENGTH or not answer.isascii():
        raise ValueError
    parsed = json.loads(answer)
    if not isinstance(parsed, dict) or "\0" in str(parsed.get("id")):
        raise ValueError
    return parsed
