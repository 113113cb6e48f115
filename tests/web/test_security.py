"""What every answer of the site promises, and which requests are not heard."""

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.web.app import create_app

PAGES = ["/", "/subscribe", "/issues/", "/datasets/", "/datasets/penguins", "/nowhere"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_policy_without_inline_code_or_style(
    client: FlaskClient, path: str
) -> None:
    response = client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in response.text
    assert "<style" not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", [*PAGES, "/feed.atom", "/feed.json", "/index.json"])
def test_the_public_site_sets_no_cookie(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")


def test_strict_transport_is_promised_on_https_only(
    environ: dict[str, str], installation: Installation
) -> None:
    plain = Settings.load(environ | {"NEWSLETTER_BASE_URL": "http://localhost:8000"})
    app = create_app(Installation(plain, installation.db, installation.storage))
    response = app.test_client().get("/healthz", base_url="http://localhost:8000")
    assert response.status_code == 200
    assert "Strict-Transport-Security" not in response.headers


def test_a_body_larger_than_any_form_is_refused(client: FlaskClient) -> None:
    response = client.post("/subscribe", data={"email": "a" * 300_000})
    assert response.status_code == 413


def test_a_form_of_very_many_fields_is_refused(client: FlaskClient) -> None:
    fields = {f"field{n}": "x" for n in range(200)}
    response = client.post("/subscribe", data=fields, content_type="multipart/form-data")
    assert response.status_code == 413
