"""Signing in at an identity provider by OpenID Connect: the code flow with PKCE, by Authlib.

Each sign-in asks the provider anew for its addresses and keys, so that nothing here is stale when
it changes them. It is the operator's choice, so its own host may be anywhere; any other host that
it names has to be public, or one of NEWSLETTER_FETCH_HOSTS. What it says counts once its
signature, issuer, audience, time and nonce were checked.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from newsletter import clock
from newsletter.errors import Busy, FetchRefused, Invalid, Refused
from newsletter.extras import OIDC
from newsletter.fetching.guarded_adapter import GuardedAdapter
from newsletter.fetching.http_exchange import status_sentence
from newsletter.settings import Settings

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

DISCOVERY = "/.well-known/openid-configuration"
SCOPE = "openid email"
# Of signatures that only the provider can make: none that is keyed by a secret of ours, or by none.
ALGORITHMS = tuple(f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512))
WAYS = ("client_secret_basic", "client_secret_post")  # of showing the client's secret
LEEWAY = 60  # seconds that the provider's clock may be apart from ours
ANSWER_WITHIN = timedelta(minutes=15)
PLACES = BoundedSemaphore(2)  # threads of this process that may wait for the provider
# What reading an answer of another shape raises.
MALFORMED = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError)
SUBJECT, ADDRESS = 255, 320  # characters
WAIT = 1.0  # seconds, for such a place
STALE = "That took too long, or was begun in another window. Try again."
DENIED = {
    "access_denied": "You were not let in there.",
    "login_required": "Sign in there first.",
    "temporarily_unavailable": "It cannot do that just now: try again later.",
}


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str  # as the button has it
    fetch_hosts: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The one that is set, if there is one."""
        if not settings.oidc_issuer:
            return None
        return cls(
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            name=settings.oidc_name,
            fetch_hosts=settings.fetch_hosts,
        )

    @property
    def allowed_hosts(self) -> frozenset[str]:
        parts = urlsplit(self.issuer)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        return self.fetch_hosts | {f"{parts.hostname}:{port}"}


@dataclass(frozen=True, slots=True)
class Errand:
    """What a browser keeps while it is at the provider: its answer has to fit to all of it."""

    state: str
    nonce: str
    verifier: str  # of PKCE (RFC 7636)
    begun_at: datetime

    @classmethod
    def new(cls, now: datetime) -> "Errand":
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, now)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider knows: ``issuer`` and ``subject`` stay theirs, the address may not."""

    issuer: str
    subject: str
    address: str  # if it is verified; else empty


def discover(provider: Provider) -> dict[str, Any]:
    """What the provider says of itself. Raises Refused."""
    with _session(provider) as session:
        return _discovered(session, provider)


def begin(provider: Provider, back: str, errand: Errand) -> str:
    """The address of the provider to which the browser goes, to come ``back`` from there with an
    answer. Raises Refused."""
    with _session(provider, back) as session:
        known = _discovered(session, provider)
        address, _ = session.create_authorization_url(
            known["authorization_endpoint"],
            state=errand.state,
            nonce=errand.nonce,
            code_verifier=errand.verifier,
        )
    return str(address)


def identify(
    provider: Provider, back: str, errand: Errand, answer: Mapping[str, str], now: datetime
) -> Identity:
    """Who has come back with ``answer``, the parameters of the address. Raises Refused."""
    is_ours = compare_digest(errand.state.encode(), answer.get("state", "").encode())
    if not is_ours or not clock.is_recent(errand.begun_at, ANSWER_WITHIN, now):
        raise Invalid(STALE)
    if answer.get("iss", provider.issuer) != provider.issuer:  # RFC 9207
        raise Invalid("The answer is another provider's. Try again.")
    if "code" not in answer:
        reason = DENIED.get(answer.get("error", ""), "Try again, or sign in by your password.")
        raise Invalid(f"The identity provider did not sign you in. {reason}")
    with _session(provider, back) as session:
        known = _discovered(session, provider)
        session.token_endpoint_auth_method = _way(known)
        token = session.fetch_token(
            known["token_endpoint"], code=answer["code"], code_verifier=errand.verifier
        )
        claims = _claims(session, provider, known, token, errand.nonce, now)
        if "email" not in claims and "userinfo_endpoint" in known:
            claims = _with_userinfo(session, known["userinfo_endpoint"], claims)
    subject, address = claims["sub"], claims.get("email")
    if not _is_name(subject, SUBJECT):
        raise Invalid("The identity provider gives you a name that cannot be kept.")
    is_verified = claims.get("email_verified") is True and _is_name(address, ADDRESS)
    return Identity(provider.issuer, subject, str(address) if is_verified else "")


def _claims(
    session: "OAuth2Session",
    provider: Provider,
    known: Mapping[str, Any],
    token: Mapping[str, Any],
    nonce: str,
    now: datetime,
) -> dict[str, Any]:
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.jwk import KeySet
    from joserfc.jws import JWSRegistry

    keys = KeySet.import_key_set({"keys": _json(session, known["jwks_uri"])["keys"]})
    registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
    decoded = jwt.decode(str(token.get("id_token", "")), keys, registry=registry)
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": provider.client_id},
            "sub": {"essential": True},
        },
        {
            "client_id": provider.client_id,
            "nonce": nonce,
            "access_token": token.get("access_token"),
        },
    )
    claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
    return dict(claims)


def _with_userinfo(
    session: "OAuth2Session", address: str, claims: Mapping[str, Any]
) -> dict[str, Any]:
    """Where the token has no address: what the provider says of the same person beside it."""
    more = _body(session.get(address))
    if more["sub"] != claims["sub"]:
        raise ValueError("userinfo of somebody else")
    return dict(more) | dict(claims)


def _discovered(session: "OAuth2Session", provider: Provider) -> dict[str, Any]:
    known = _json(session, provider.issuer.rstrip("/") + DISCOVERY)
    if known.get("issuer") != provider.issuer:
        raise Refused(
            f"The identity provider calls itself {str(known.get('issuer'))[:200]!r}, and "
            f"NEWSLETTER_OIDC_ISSUER is {provider.issuer!r}: they have to be the same."
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if urlsplit(known[name]).scheme not in {"https", urlsplit(provider.issuer).scheme}:
            raise Refused(f"The {name} of the identity provider is not https.")
    return known


def _way(known: Mapping[str, Any]) -> str:
    """How the client's secret is shown; the first is what one that says nothing takes."""
    taken = known.get("token_endpoint_auth_methods_supported") or WAYS[:1]
    return next((way for way in WAYS if way in taken), WAYS[0])


def _json(session: "OAuth2Session", address: str) -> dict[str, Any]:
    return _body(session.request("GET", address, withhold_token=True))


def _body(answer: Any) -> dict[str, Any]:
    if not answer.ok:
        raise FetchRefused(status_sentence(answer.status_code))
    return dict(answer.json())


@contextmanager
def _session(provider: Provider, back: str = "") -> Iterator["OAuth2Session"]:
    """One conversation with the provider; whatever goes wrong in it is one sentence. Raises
    Refused, and MissingExtra."""
    with OIDC.imports():
        from authlib.integrations.base_client import OAuthError
        from authlib.integrations.requests_client import OAuth2Session
        from joserfc.errors import JoseError
    if not PLACES.acquire(timeout=WAIT):
        raise Busy("The identity provider is slow just now. Try again in a minute.")
    try:
        with OAuth2Session(
            provider.client_id,
            provider.client_secret,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
        ) as session:
            session.trust_env = False
            for scheme in ("https://", "http://"):
                session.mount(scheme, GuardedAdapter(provider.allowed_hosts))
            yield session
    except OAuthError as error:
        raise Invalid(
            f"The identity provider refused ({_word(error.error)}). Try again."
        ) from error
    except JoseError as error:
        raise Invalid(f"The identity provider's token does not hold ({error.error}).") from error
    except FetchRefused as error:
        raise Refused(f"The identity provider does not answer. {error}") from error
    except MALFORMED as error:
        raise Refused("The identity provider's answer cannot be understood.") from error
    finally:
        PLACES.release()


def _is_name(text: object, length: int) -> bool:
    """Whether it is one that a row can hold."""
    return isinstance(text, str) and 0 < len(text) <= length and text.isprintable()


def _word(code: object) -> str:
    """An error's code, as far as it is one (RFC 6749 5.2)."""
    text = str(code)
    return text if text.replace("_", "").isalnum() and text.isascii() and len(text) < 60 else "?"
