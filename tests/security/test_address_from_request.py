"""Row "an absolute address from the request": every Location is relative, or the site's own."""

from dataclasses import replace

import pytest
from flask import Flask, redirect
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.web.app import create_app
from tests.conftest import BASE_URL
from tests.security.admin_routes import EXAMPLES
from tests.web.admin.conftest import Browser


def addresses_without_their_slash(app: Flask) -> list[str]:
    urls = app.url_map.bind("news.example.org")
    return [
        urls.build(rule.endpoint, {name: EXAMPLES[name] for name in rule.arguments}).rstrip("/")
        for rule in app.url_map.iter_rules()
        if rule.rule.endswith("/") and rule.rule != "/" and rule.arguments <= EXAMPLES.keys()
    ]


def test_a_missing_slash_is_added_by_a_relative_address(app: Flask, client: FlaskClient) -> None:
    # As behind TLS: the proxy speaks http to us.
    paths = addresses_without_their_slash(app)
    assert "/admin" in paths
    for path in paths:
        answer = client.get(f"{path}?q=1", base_url="http://news.example.org")
        assert answer.status_code == 308, path
        assert answer.location == f"{path}/?q=1"


@pytest.mark.parametrize("path", ["//evil.example/admin", "/admin//evil.example", "//admin"])
@pytest.mark.parametrize("host", ["news.example.org", "localhost:8000", "[::1]"])
def test_no_path_makes_a_location_that_leads_elsewhere(
    client: FlaskClient, path: str, host: str
) -> None:
    answer = client.open("/", headers={"Host": host}, environ_overrides={"PATH_INFO": path})
    location = answer.location or "/"
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


@pytest.mark.parametrize("address", ["https://example.com/a?b#c", "http://localhost:8080/a?b"])
def test_what_a_view_redirects_to_elsewhere_stays_as_it_is(new_app: Flask, address: str) -> None:
    new_app.add_url_rule("/away", view_func=lambda: redirect(address))
    assert new_app.test_client().get("/away").location == address


def test_who_is_not_signed_in_is_sent_to_a_relative_address(nobody: Browser) -> None:
    assert nobody.get("/admin/issues/").location == "/admin/login?next=/admin/issues/"


@pytest.mark.parametrize("base_url", [BASE_URL, "http://[::1]:8000", "http://localhost:8000"])
def test_it_holds_wherever_the_site_is(installation: Installation, base_url: str) -> None:
    settings = replace(installation.settings, base_url=base_url)
    app = create_app(replace(installation, settings=settings))
    answer = app.test_client().get("/admin", headers={"Host": "localhost"})
    assert answer.location == "/admin/"
    app.extensions["shelf"].close()
