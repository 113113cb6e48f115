"""Row "open redirect": the public site sends nobody anywhere."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

PREFIXES = ["//evil.example", "/\\evil.example", "/%2f%2fevil.example", "/https://evil.example"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["", "/issues", "/datasets", "/%2e%2e"])
def test_no_address_leads_to_another_site(client: FlaskClient, prefix: str, path: str) -> None:
    response = client.get(prefix + path)
    assert "evil.example" not in response.headers.get("Location", "")


def test_no_public_page_takes_a_target(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if not rule.arguments and not rule.rule.startswith("/admin"):
            target = dict.fromkeys(("next", "url", "return", "to"), "https://evil.example/")
            response = client.get(rule.rule, query_string=target)
            assert response.status_code < 300, rule.rule
            assert 'href="https://evil.example' not in response.text
