"""A device that makes passkeys, as a browser hands on what it signs (WebAuthn level 2, 6.1)."""

import json
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Authenticator:
    host: str
    origin: str
    credential_id: bytes = b"a credential of sixteen bytes"
    verifies: bool = True
    count: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def create(self, options: str) -> str:
        """What ``navigator.credentials.create`` gives, as JSON."""
        client = self._client("webauthn.create", options)
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        public = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        length = struct.pack(">H", len(self.credential_id))
        data = self._data(WITH_KEY) + bytes(16) + length + self.credential_id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(clientDataJSON=client, attestationObject=attestation)

    def get(self, options: str) -> str:
        """What ``navigator.credentials.get`` gives, as JSON."""
        client = self._client("webauthn.get", options)
        self.count += 1
        data = self._data()
        signature = self.key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _client(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _data(self, more: int = 0) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _answer(self, **response: bytes) -> str:
        name = bytes_to_base64url(self.credential_id)
        shown: dict[str, Any] = {key: bytes_to_base64url(value) for key, value in response.items()}
        return json.dumps(
            {"id": name, "rawId": name, "type": "public-key", "response": shown,
             "clientExtensionResults": {}}
        )  # fmt: skip
