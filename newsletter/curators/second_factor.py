"""Codes of an authenticator app (TOTP, RFC 6238), and recovery codes for whoever lost it.

The database holds no secret: that of the app is derived from a salt under a key of the
installation's, and of a recovery code there is a keyed hash. A code counts once, and none of an
earlier time step after it; tries are counted before they are looked at, and wait as those of a
password do, apart from them: who does not know the password cannot keep its owner from a code.
"""

import base64
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from hmac import compare_digest
from typing import cast

import pyotp
from sqlalchemy import CursorResult, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from newsletter.curators.accounts import get
from newsletter.curators.waiting import has_to_wait
from newsletter.errors import BadToken, Conflict, Invalid
from newsletter.models.curator import Curator, Passkey, RecoveryCode, SignInPolicy, Totp
from newsletter.tokens import Signer

SECRET, RECOVERY = "totp secret", "recovery code"  # purposes of derived keys
SETUP, HALF = "totp setup", "second step"  # purposes of tokens
SETUP_FOR, HALF_FOR = timedelta(hours=1), timedelta(minutes=10)
STEP_SECONDS, DIGITS = 30, 6
DRIFT = (0, -1, 1)  # steps: a phone's clock may be wrong by so many
CODES, CODE_LENGTH = 10, 16
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is taken for something else
POLICY = 1  # the number of its one row
WRONG = "This code is not right. Type the newest one that the app shows."


class Code(StrEnum):
    APP = "code"
    RECOVERY = "recovery code"


def new_setup(signer: Signer, curator_id: int, now: datetime) -> str:
    """A token that carries the salt of a secret, until a code shows that the app has it."""
    return signer.sign(SETUP, f"{curator_id} {secrets.token_urlsafe(24)}", now + SETUP_FOR)


def salt_of(signer: Signer, setup: str, curator_id: int, now: datetime) -> str:
    """Raises BadToken, also for a setup of somebody else's, or ExpiredToken."""
    whose, salt = signer.read(SETUP, setup, now).split(" ")
    if whose != str(curator_id):
        raise BadToken("This code was made for another account. Open the page anew.")
    return salt


def secret_of(signer: Signer, salt: str) -> str:
    """160 bits (RFC 4226), as an app takes them: in base32."""
    derived = signer.fingerprint(SECRET, f"1 {salt}") + signer.fingerprint(SECRET, f"2 {salt}")
    return base64.b32encode(bytes.fromhex(derived)[:20]).decode()


def app_uri(signer: Signer, salt: str, address: str, title: str) -> str:
    """What the QR code says."""
    return pyotp.TOTP(secret_of(signer, salt)).provisioning_uri(name=address, issuer_name=title)


def enable(
    session: Session, signer: Signer, curator_id: int, salt: str, code: str, now: datetime
) -> list[str]:
    """Ask for codes from here on; the recovery codes, which are shown this once.

    Raises Invalid for a wrong ``code``, or Conflict if they are asked for already.
    """
    get(session, curator_id)
    if session.get(Totp, curator_id) is not None:
        raise Conflict("Codes are asked for already. Switch them off first, for a new app.")
    step = _step_of(signer, salt, code, 0, now)
    if step is None:
        raise Invalid(WRONG, {"code": WRONG})
    session.add(Totp(curator_id=curator_id, salt=salt, enabled_at=now, last_step=step))
    session.flush()
    return renew_recovery_codes(session, signer, curator_id)


def disable(session: Session, curator_id: int) -> None:
    """Ask for no codes any more, and forget the recovery codes."""
    for table in (Totp, RecoveryCode):
        session.execute(delete(table).where(table.curator_id == curator_id))


def drop_all(session: Session, curator_id: int) -> None:
    """Forget whatever somebody has: for who has lost it, the password alone counts again."""
    disable(session, curator_id)
    session.execute(delete(Passkey).where(Passkey.curator_id == curator_id))


def renew_recovery_codes(session: Session, signer: Signer, curator_id: int) -> list[str]:
    """New ones in the place of all before. Raises Conflict where no codes are asked for."""
    if session.get(Totp, curator_id) is None:
        raise Conflict("Set up the app first.")
    session.execute(delete(RecoveryCode).where(RecoveryCode.curator_id == curator_id))
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    for code in codes:
        hashed = _recovery_hash(signer, curator_id, code)
        session.add(RecoveryCode(curator_id=curator_id, code_hash=hashed))
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4)) for code in codes]


def accepts(
    session: Session, signer: Signer, curator_id: int, typed: str, now: datetime
) -> Code | None:
    """Count a try, and say what was typed; None: nothing that lets in. A recovery code is used
    up. The caller commits either way."""
    totp = session.get(Totp, curator_id, with_for_update=True, populate_existing=True)
    if totp is None or has_to_wait(totp.failures, totp.failed_at, now):
        return None
    totp.failures += 1
    totp.failed_at = now
    code = "".join(c for c in typed.lower() if c.isascii() and c.isalnum())
    step = _step_of(signer, totp.salt, code, totp.last_step, now)
    if step is not None:
        totp.last_step = step
    elif not _use_recovery_code(session, signer, curator_id, code):
        return None
    totp.failures, totp.failed_at = 0, None
    return Code.RECOVERY if step is None else Code.APP


def totp_of(session: Session, curator_id: int) -> Totp | None:
    return session.get(Totp, curator_id)


def recovery_codes_left(session: Session, curator_id: int) -> int:
    codes = select(func.count()).where(RecoveryCode.curator_id == curator_id)
    return session.scalar(codes) or 0


def half_token(signer: Signer, curator: Curator, now: datetime) -> str:
    """What a browser holds between the password and the code; dead with that password."""
    old = signer.fingerprint(HALF, curator.password_hash)
    return signer.sign(HALF, f"{curator.id} {old}", now + HALF_FOR)


def by_half_token(session: Session, signer: Signer, token: str, now: datetime) -> Curator:
    """Who typed the right password. Raises BadToken or ExpiredToken."""
    number, old = signer.read(HALF, token, now).split(" ")
    curator = session.get(Curator, int(number))
    if curator is None or not compare_digest(signer.fingerprint(HALF, curator.password_hash), old):
        raise BadToken("Sign in again: the password was changed meanwhile.")
    return curator


def is_required(session: Session) -> bool:
    """Whether owners demand a second factor of everybody."""
    policy = session.get(SignInPolicy, POLICY)
    return policy is not None and policy.requires_second_factor


def require(session: Session, required: bool) -> None:
    policy = session.get(SignInPolicy, POLICY)
    if policy is None:
        session.add(SignInPolicy(id=POLICY, requires_second_factor=required))
    else:
        policy.requires_second_factor = required


def has_one(session: Session, curator_id: int) -> bool:
    """Whether somebody has a second factor: codes, or a passkey."""
    return bool(
        session.scalar(
            select(
                or_(
                    exists().where(Totp.curator_id == curator_id),
                    exists().where(Passkey.curator_id == curator_id),
                )
            )
        )
    )


def of_everybody(session: Session) -> dict[int, str]:
    """By the curators' numbers, what each has, in words; who has none is left out."""
    apps = dict.fromkeys(session.scalars(select(Totp.curator_id)), "app")
    keys = set(session.scalars(select(Passkey.curator_id)))
    return apps | {number: "app and passkey" if number in apps else "passkey" for number in keys}


def lacks_one(session: Session, curator_id: int) -> bool:
    """Whether somebody has to set one up before anything else."""
    return is_required(session) and not has_one(session, curator_id)


def _step_of(signer: Signer, salt: str, code: str, after: int, now: datetime) -> int | None:
    """The time step later than ``after`` whose code it is."""
    app = pyotp.TOTP(secret_of(signer, salt), digits=DIGITS, interval=STEP_SECONDS)
    current = int(now.timestamp()) // STEP_SECONDS
    code = "".join(code.split())
    if not code.isascii():
        return None
    matching = [
        step
        for step in (current + drift for drift in DRIFT)
        if compare_digest(app.generate_otp(step).encode(), code.encode()) and step > after
    ]
    return matching[0] if matching else None


def _use_recovery_code(session: Session, signer: Signer, curator_id: int, code: str) -> bool:
    hashed = _recovery_hash(signer, curator_id, code)
    used = session.execute(
        delete(RecoveryCode).where(
            RecoveryCode.curator_id == curator_id, RecoveryCode.code_hash == hashed
        )
    )
    return cast(CursorResult[None], used).rowcount == 1


def _recovery_hash(signer: Signer, curator_id: int, code: str) -> str:
    return signer.fingerprint(RECOVERY, f"{curator_id} {code}")
