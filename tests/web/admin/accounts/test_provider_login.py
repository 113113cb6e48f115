"""Signing in by a provider that others wrote and certified: node-oidc-provider."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter.curators import identities
from newsletter.curators.identity_provider import Provider
from newsletter.settings import Settings
from tests.conftest import BASE_URL
from tests.identity.certified import CLIENT, SECRET, answer_of, certified_provider
from tests.web.admin.conftest import CURATOR, OWNER, Browser

BEGIN, BACK = "/admin/login/provider", "/admin/login/provider/back"
PEOPLE = {
    "ann": {"email": OWNER, "email_verified": True},
    "unverified": {"email": CURATOR, "email_verified": False},
}

pytestmark = pytest.mark.usefixtures("people")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with certified_provider(PEOPLE, BASE_URL + BACK) as issuer:
        yield issuer


@pytest.fixture
def environ(environ: dict[str, str], issuer: str) -> dict[str, str]:
    return environ | {
        "NEWSLETTER_OIDC_ISSUER": issuer,
        "NEWSLETTER_OIDC_CLIENT_ID": CLIENT,
        "NEWSLETTER_OIDC_CLIENT_SECRET": SECRET,
        "NEWSLETTER_OIDC_NAME": "Example ID",
    }


@pytest.fixture(autouse=True)
def clock_that_stands_still() -> None:
    """It does not: the provider's goes on, and what it signs holds by the hour."""


def way_back(browser: Browser, person: str, target: str = "") -> str:
    """Sign in at the provider; the address by which it sends the browser back."""
    page = browser.get("/admin/login", query_string={"next": target} if target else None)
    assert "Sign in with Example ID" in page.text
    sent = browser.get(BEGIN, query_string={"next": target})
    query = parse_qs(urlsplit(sent.location).query)
    assert query["code_challenge_method"] == ["S256"]
    return answer_of(sent.location, person, BASE_URL + BACK).removeprefix(BASE_URL)


def test_it_comes_back_to_the_page_that_was_asked_for(nobody: Browser) -> None:
    back = way_back(nobody, "ann", "/admin/subscribers/?q=ann")
    assert {"code", "state", "iss"} == set(parse_qs(urlsplit(back).query))
    assert nobody.get(back).location == "/admin/subscribers/?q=ann"
    assert OWNER in nobody.get("/admin/").text


def test_a_code_is_no_good_a_second_time(nobody: Browser) -> None:
    back = way_back(nobody, "ann")
    kept = nobody.cookie("__Host-session")
    assert kept is not None
    assert nobody.get(back).location == "/admin/"
    nobody.client.set_cookie("__Host-session", kept, domain="news.example.org", path="/")
    answer = nobody.get(back)  # with the state of then
    assert urlsplit(answer.location).path == "/admin/login"
    assert "refused (invalid_grant)" in nobody.get("/admin/login").text


def test_who_has_no_verified_address_there_is_told_so(nobody: Browser) -> None:
    assert nobody.get(way_back(nobody, "unverified")).location.startswith("/admin/login?next=")
    assert identities.UNVERIFIED in nobody.get("/admin/login").text


def test_a_wrong_secret_is_told_as_the_provider_refuses_it(
    nobody: Browser, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = way_back(nobody, "ann")
    known = Provider.of(settings)
    assert known is not None
    other = replace(known, client_secret="another")
    monkeypatch.setattr(Provider, "of", lambda _settings: other)
    nobody.get(back)
    assert "refused (invalid_client)" in nobody.get("/admin/login").text
