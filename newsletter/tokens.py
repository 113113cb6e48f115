"""Signed tokens for links: purpose-keyed, unforgeable, optionally expiring.

A token is ``base64url(expiry ‖ value ‖ mac)``: a 5-byte expiry in Unix
seconds (0: never), the value in UTF-8, and the first 16 bytes (128 bits) of
HMAC-SHA256 over both (RFC 2104) under a key derived for the purpose. A token
for one purpose is noise for every other. It may bind something that it does not
carry: then it holds for that alone.
"""

import base64
import binascii
import hmac
from datetime import datetime
from functools import cache

from newsletter.errors import BadToken, ExpiredToken

MAC_BYTES = 16
EXPIRY_BYTES = 5
SEAL = "Newsletter-Seal"  # the header in which a site shows whose it is


class Signer:
    """Signs and reads tokens under one secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._keyed = cache(self._derive)

    def sign(self, purpose: str, value: str, expires: datetime | None = None) -> str:
        """A token carrying ``value``, readable until ``expires`` (never, if None)."""
        return self.seal(purpose, value.encode(), expires)

    def read(self, purpose: str, token: str, now: datetime) -> str:
        """The value in ``token``. Raises BadToken or ExpiredToken."""
        return self.open(purpose, token, now).decode()

    def seal(
        self, purpose: str, value: bytes, expires: datetime | None = None, bound: str = ""
    ) -> str:
        """The same for bytes, in a token that holds for ``bound`` alone. Values of one purpose
        that binds something are all of one length."""
        seconds = int(expires.timestamp()) if expires else 0
        body = seconds.to_bytes(EXPIRY_BYTES, "big") + value
        return _encode(body + self._mac(purpose, body + bound.encode()))

    def open(self, purpose: str, token: str, now: datetime, bound: str = "") -> bytes:
        """The value that was sealed. Raises BadToken or ExpiredToken."""
        raw = _decode(token)
        body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        expected = self._mac(purpose, body + bound.encode())
        if len(body) < EXPIRY_BYTES or not hmac.compare_digest(mac, expected):
            raise _not_ours()
        seconds = int.from_bytes(body[:EXPIRY_BYTES], "big")
        if seconds and now.timestamp() > seconds:
            raise ExpiredToken("This link has expired. Ask for a new one.")
        return body[EXPIRY_BYTES:]

    def fingerprint(self, purpose: str, value: str) -> str:
        """A keyed hash of ``value``, 128 bits in hex: equal values are equal, and
        nobody without the secret can tell which value it was."""
        return self._mac(purpose, value.encode()).hex()

    def _mac(self, purpose: str, body: bytes) -> bytes:
        mac = self._keyed(purpose).copy()
        mac.update(body)
        return mac.digest()[:MAC_BYTES]

    def _derive(self, purpose: str) -> hmac.HMAC:
        """An HMAC that has taken in its key, which costs more than a short message."""
        key = hmac.digest(self._secret, purpose.encode(), "sha256")
        return hmac.new(key, digestmod="sha256")


def seal_of(signer: Signer) -> str:
    """By which a site shows whose it is: only who has the same secret can name it."""
    return signer.fingerprint("site", "seal")


def shown(token: str) -> bytes:
    """The value that a token shows, before anybody has looked whether it is one of ours. Raises
    BadToken for what cannot be one."""
    return _decode(token)[EXPIRY_BYTES:-MAC_BYTES]


def _not_ours() -> BadToken:
    return BadToken("This link is not one of ours. Copy it whole from the newest mail.")


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(token: str) -> bytes:
    try:
        raw = base64.b64decode(
            token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True
        )
    except (ValueError, binascii.Error):
        raw = b""
    # Unused bits in the last character would let one token be spelled several ways.
    if not raw or _encode(raw) != token:
        raise _not_ours()
    return raw
