"""A provider that says whatever a test has it say, of which the certified one says nothing."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from newsletter import clock
from tests.identity.certified import CLIENT, SECRET

Claims = dict[str, Any]


class ForgingProvider:
    """What it answers with is open to change."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.asked: list[tuple[str, dict[str, str], str]] = []  # path, form, Authorization
        self.reset()

    def reset(self) -> None:
        self.asked.clear()
        self.rotate()
        self.nonce = ""
        self.claims: Claims = {"sub": "248289761001", "email_verified": True}
        self.discovery: Claims = {}
        self.status = 200
        self.sign: Callable[[Claims], str] = self.signed

    def rotate(self) -> None:
        """Another key in the place of the one before."""
        self.key = ECKey.generate_key("P-256", auto_kid=True)

    def signed(self, claims: Claims) -> str:
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key)

    def unsigned(self, claims: Claims) -> str:
        """Of the algorithm "none"."""
        parts = ({"alg": "none"}, claims)
        return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."

    def signed_by_the_public_key(self, claims: Claims) -> str:
        """As if what verifies were a secret that we share."""
        secret = OctKey.import_key(self.key.as_pem(private=False))
        return jwt.encode({"alg": "HS256", "kid": self.key.kid}, claims, secret)

    def signed_by_the_secret(self, claims: Claims) -> str:
        """By what every client of that name knows."""
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))

    def signed_by_a_stranger(self, claims: Claims) -> str:
        """Under the right name of the key."""
        stranger = ECKey.generate_key("P-256")
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, stranger)

    def answer(self, path: str) -> object:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            } | self.discovery
        if path == "/keys":
            return {"keys": [self.key.as_dict(private=False)]}
        now = int(clock.now().timestamp())
        usual = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300}
        claims = {**usual, "nonce": self.nonce, **self.claims}
        return {
            "access_token": "access",
            "token_type": "Bearer",
            "id_token": self.sign({k: v for k, v in claims.items() if v is not None}),
        }


@contextmanager
def forging_provider() -> Iterator[ForgingProvider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = {k: v[0] for k, v in parse_qs(self.rfile.read(length).decode()).items()}
            path = urlsplit(self.path).path
            provider.asked.append((path, form, self.headers.get("Authorization", "")))
            body = json.dumps(provider.answer(path)).encode()
            self.send_response(provider.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing: a test's output is its own."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = ForgingProvider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield provider
        server.shutdown()
        thread.join()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
