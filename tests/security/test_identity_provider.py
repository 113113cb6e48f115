"""Row "an identity provider vouches for somebody else": what a stranger, another client, an old key
and a later owner of an address would need to come in as a curator."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from sqlalchemy import select
from werkzeug.test import TestResponse

from newsletter import clock
from newsletter.curators import accounts, identities, identity_provider, second_factor
from newsletter.installation import Installation
from newsletter.models.audit import AuditEntry
from newsletter.models.curator import CuratorSession, ProviderIdentity, Role
from tests.identity.certified import CLIENT, SECRET
from tests.identity.forging import Claims, ForgingProvider, forging_provider
from tests.security.test_login_redirect import ELSEWHERE
from tests.web.admin.conftest import CURATOR, OWNER, Browser

BEGIN, BACK = "/admin/login/provider", "/admin/login/provider/back"

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture(scope="module")
def running_provider() -> Iterator[ForgingProvider]:
    with forging_provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider: ForgingProvider) -> ForgingProvider:
    """Honest, and of the owner's verified address, until a test says otherwise."""
    running_provider.reset()
    running_provider.claims["email"] = OWNER
    return running_provider


@pytest.fixture
def environ(environ: dict[str, str], provider: ForgingProvider) -> dict[str, str]:
    return environ | {
        "NEWSLETTER_OIDC_ISSUER": provider.issuer,
        "NEWSLETTER_OIDC_CLIENT_ID": CLIENT,
        "NEWSLETTER_OIDC_CLIENT_SECRET": SECRET,
        "NEWSLETTER_OIDC_NAME": "Example ID",
    }


def begin(browser: Browser, provider: ForgingProvider, **query: str) -> str:
    """Go to the provider, which then knows the nonce; the state that its answer has to have."""
    sent = browser.get(BEGIN, query_string=query)
    assert sent.location.startswith(f"{provider.issuer}/authorize?"), sent.text
    parameters = parse_qs(urlsplit(sent.location).query)
    provider.nonce = parameters["nonce"][0]
    return parameters["state"][0]


def sign_in(browser: Browser, provider: ForgingProvider, **query: str) -> TestResponse:
    state = begin(browser, provider, **query)
    return browser.get(BACK, query_string={"code": "code", "state": state})


def assert_refused(answer: TestResponse, browser: Browser, sentence: str) -> None:
    assert (answer.status_code, urlsplit(answer.location).path) == (302, "/admin/login")
    page = browser.get("/admin/login").text
    assert sentence in page.replace("&#39;", "'")
    assert browser.get("/admin/").status_code == 302


def test_a_curator_comes_in_by_their_verified_address(
    nobody: Browser, provider: ForgingProvider
) -> None:
    assert sign_in(nobody, provider, next="/admin/issues/").location == "/admin/issues/"
    assert OWNER in nobody.get("/admin/").text
    assert "by identity provider" in nobody.get("/admin/account/").text
    [form] = [form for path, form, _ in provider.asked if path == "/token"]
    assert (form["grant_type"], form["code"]) == ("authorization_code", "code")
    assert len(form["code_verifier"]) >= 43


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another-client"},
        {"aud": ["another-client", "a third"]},
        {"aud": [CLIENT, "another-client"], "azp": "another-client"},
        {"aud": "another-client", "azp": CLIENT},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"nonce": "of another sign-in"},
        {"nonce": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "never"},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": "a" * 256},
        {"sub": "a\0"},
        {"sub": {"a": 1}},
        {"at_hash": "bm90IHRoZSBoYXNo"},
    ],
    ids=str,
)
def test_a_token_with_another_claim_is_refused(
    nobody: Browser, provider: ForgingProvider, claims: Claims
) -> None:
    provider.claims |= claims
    assert_refused(sign_in(nobody, provider), nobody, "The identity provider")


@pytest.mark.parametrize(
    "forge",
    [
        ForgingProvider.unsigned,
        ForgingProvider.signed_by_the_public_key,
        ForgingProvider.signed_by_the_secret,
        ForgingProvider.signed_by_a_stranger,
        lambda _provider, _claims: "",
        lambda _provider, _claims: "a.b.c",
    ],
)
def test_a_token_that_the_provider_has_not_signed_is_refused(
    nobody: Browser, provider: ForgingProvider, forge: Callable[[ForgingProvider, Claims], str]
) -> None:
    provider.sign = lambda claims: forge(provider, claims)
    assert_refused(sign_in(nobody, provider), nobody, "The identity provider")


def test_a_key_that_was_rotated_away_signs_nobody_in(
    nobody: Browser, provider: ForgingProvider, new_browser: Callable[[], Browser]
) -> None:
    assert sign_in(new_browser(), provider).location == "/admin/"
    stolen = provider.key
    provider.rotate()
    assert sign_in(new_browser(), provider).location == "/admin/"  # by the new one, at once
    published = provider.key
    provider.key = stolen
    state = begin(nobody, provider)
    token = provider.signed(
        {
            "iss": provider.issuer,
            "aud": CLIENT,
            "nonce": provider.nonce,
            "iat": clock.now().timestamp(),
            "exp": clock.now().timestamp() + 300,
            **provider.claims,
        }
    )
    provider.key, provider.sign = published, lambda _claims: token
    answer = nobody.get(BACK, query_string={"code": "code", "state": state})
    assert_refused(answer, nobody, "token does not hold")


@pytest.mark.parametrize("state", ["", "another", "é"])
def test_an_answer_without_this_browsers_state_is_refused(
    nobody: Browser, provider: ForgingProvider, state: str
) -> None:
    begin(nobody, provider)
    answer = nobody.get(BACK, query_string={"code": "code", "state": state})
    assert_refused(answer, nobody, identity_provider.STALE)
    assert "/token" not in [path for path, _, _ in provider.asked]


def test_a_link_that_another_made_signs_nobody_in(
    nobody: Browser, new_browser: Callable[[], Browser], provider: ForgingProvider
) -> None:
    """Login CSRF: the attacker's own answer, in somebody else's browser."""
    state = begin(new_browser(), provider)
    answer = nobody.get(BACK, query_string={"code": "code", "state": state})
    assert_refused(answer, nobody, identity_provider.STALE)


def test_an_answer_counts_once_and_not_for_long(
    nobody: Browser, new_browser: Callable[[], Browser], provider: ForgingProvider
) -> None:
    state = begin(nobody, provider)
    query = {"code": "code", "state": state}
    assert nobody.get(BACK, query_string=query).location == "/admin/"
    nobody.post("/admin/logout")
    assert_refused(nobody.get(BACK, query_string=query), nobody, identity_provider.STALE)
    late = new_browser()
    query["state"] = begin(late, provider)
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert_refused(late.get(BACK, query_string=query), late, identity_provider.STALE)


def test_an_answer_of_another_provider_is_refused(
    nobody: Browser, provider: ForgingProvider
) -> None:
    query = {"code": "code", "state": begin(nobody, provider), "iss": "https://evil.example"}
    assert_refused(nobody.get(BACK, query_string=query), nobody, "another provider's")


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"email_verified": False}, identities.UNVERIFIED),
        ({"email_verified": None}, identities.UNVERIFIED),
        ({"email_verified": "true"}, identities.UNVERIFIED),
        ({"email_verified": 1}, identities.UNVERIFIED),
        ({"email": None}, identities.UNVERIFIED),
        ({"email": [OWNER]}, identities.UNVERIFIED),
        ({"email": f"{OWNER}\0"}, identities.UNVERIFIED),
        ({"email": "stranger@example.org"}, identities.NOBODY),
        ({"email": f"{OWNER}.evil.example"}, identities.NOBODY),
        # The sign for kelvin, whose small letter is k: another person's address.
        ({"email": "kevin@example.org".replace("k", "\N{KELVIN SIGN}")}, identities.NOBODY),
    ],
    ids=str,
)
def test_an_address_that_is_not_surely_a_curators_lets_nobody_in(
    installation: Installation,
    nobody: Browser,
    provider: ForgingProvider,
    claims: Claims,
    sentence: str,
) -> None:
    with installation.db.write() as session:
        accounts.add_curator(session, "kevin@example.org", Role.OWNER, None, clock.now())
    provider.claims |= claims
    assert_refused(sign_in(nobody, provider), nobody, sentence)
    with installation.db.read() as session:
        assert session.scalars(select(ProviderIdentity)).all() == []


def test_a_later_owner_of_the_address_is_not_the_curator(
    installation: Installation,
    owner: Browser,
    new_browser: Callable[[], Browser],
    provider: ForgingProvider,
) -> None:
    provider.claims |= {"email": CURATOR, "sub": "the first"}
    first, later = new_browser(), new_browser()
    assert sign_in(first, provider).location == "/admin/"
    provider.claims["sub"] = "a later one"
    assert_refused(sign_in(later, provider), later, identities.ANOTHER)
    # Who was first is known whatever their address there becomes.
    provider.claims |= {"sub": "the first", "email": "married@example.org"}
    renamed = new_browser()
    assert sign_in(renamed, provider).location == "/admin/"
    assert CURATOR in renamed.get("/admin/").text
    # And an owner lets the later one in.
    with installation.db.read() as session:
        number = session.scalars(select(ProviderIdentity.curator_id)).one()
    assert "Another account there" in owner.get("/admin/curators/").text
    owner.post(f"/admin/curators/{number}/provider-off", "/admin/curators/")
    assert first.get("/admin/").status_code == renamed.get("/admin/").status_code == 302
    provider.claims |= {"sub": "a later one", "email": CURATOR}
    assert sign_in(new_browser(), provider).location == "/admin/"


def test_a_session_is_a_new_one_and_the_log_says_whose(
    installation: Installation, nobody: Browser, provider: ForgingProvider
) -> None:
    begin(nobody, provider)
    before = nobody.cookie("__Host-session")
    assert sign_in(nobody, provider).location == "/admin/"
    assert nobody.cookie("__Host-session") != before
    with installation.db.read() as session:
        by_action = select(AuditEntry).where(AuditEntry.action == "provider_login.come_back")
        bound, opened = session.scalars(by_action.order_by(AuditEntry.number)).all()
        proof = session.scalars(select(CuratorSession.proof)).one()
    assert (bound.who, opened.who, proof) == (OWNER, OWNER, identities.PROOF)
    assert "248289761001" in bound.changes


def test_the_provider_answers_for_the_second_factor(
    installation: Installation,
    nobody: Browser,
    new_browser: Callable[[], Browser],
    provider: ForgingProvider,
) -> None:
    with installation.db.write() as session:
        second_factor.require(session, True)
    assert sign_in(nobody, provider).location == "/admin/"
    assert nobody.get("/admin/").status_code == 200
    by_password = new_browser()
    by_password.sign_in(OWNER)
    assert by_password.get("/admin/").location == "/admin/account/second-factor/"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_target_leads_out_of_the_admin(
    nobody: Browser, provider: ForgingProvider, target: str
) -> None:
    assert sign_in(nobody, provider, next=target).location == "/admin/"


@pytest.mark.parametrize(
    ("discovery", "sentence"),
    [
        ({"issuer": "https://evil.example"}, "they have to be the same"),
        ({"token_endpoint": "http://169.254.169.254/latest"}, "is not on the public Internet"),
        ({"token_endpoint": "file:///etc/passwd"}, "is not https"),
        ({"jwks_uri": "http://127.0.0.2:1/keys"}, "is not on the public Internet"),
        ({"token_endpoint": None}, "is not https"),
        ({"token_endpoint": 7}, "cannot be understood"),
        ({"jwks_uri": "https:///keys"}, "cannot be understood"),
    ],
)
def test_what_the_provider_says_of_itself_is_looked_at(
    nobody: Browser, provider: ForgingProvider, discovery: Claims, sentence: str
) -> None:
    provider.discovery = discovery
    answer = nobody.get(BEGIN)
    if answer.location.startswith(provider.issuer):
        state = parse_qs(urlsplit(answer.location).query)["state"][0]
        answer = nobody.get(BACK, query_string={"code": "code", "state": state})
    assert_refused(answer, nobody, sentence)


def test_what_a_provider_says_of_an_error_is_not_repeated(
    nobody: Browser, provider: ForgingProvider
) -> None:
    state = begin(nobody, provider)
    text = "<b>Call 555 0100</b>"
    query = {"error": "access_denied", "error_description": text, "state": state}
    answer = nobody.get(BACK, query_string=query)
    assert "555" not in nobody.get("/admin/login").text + answer.text
    again = nobody.get(BACK, query_string={"code": "code", "state": state})  # it is used up
    assert_refused(again, nobody, identity_provider.STALE)
    query |= {"error": text, "state": begin(nobody, provider)}
    assert_refused(nobody.get(BACK, query_string=query), nobody, "did not sign you in. Try again")
    assert "555" not in nobody.get("/admin/login").text


def test_the_password_lets_in_while_the_provider_is_down(
    nobody: Browser, provider: ForgingProvider
) -> None:
    provider.status = 503
    assert_refused(nobody.get(BEGIN), nobody, "does not answer")
    assert "Sign in with Example ID" in nobody.get("/admin/login").text
    assert nobody.sign_in(OWNER).location == "/admin/"


def test_few_threads_wait_for_a_slow_provider(
    nobody: Browser, provider: ForgingProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "WAIT", 0.01)
    for _ in range(2):
        assert identity_provider.PLACES.acquire(blocking=False)
    try:
        assert_refused(nobody.get(BEGIN), nobody, "is slow just now")
    finally:
        identity_provider.PLACES.release(2)
    assert sign_in(nobody, provider).location == "/admin/"
