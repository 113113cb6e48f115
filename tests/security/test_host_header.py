"""Row "host header": an unknown name gets 400 and never reaches a link."""

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation

PAGES = ["/", "/datasets/penguins", "/feed.atom", "/feed.json", "/index.json", "/healthz", "/no"]
NAMES = ["evil.example", "news.example.org.evil.example", "evil.example:443", "10.0.0.1", ""]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_host_gets_400(client: FlaskClient, path: str, name: str) -> None:
    response = client.get(path, headers={"Host": name})
    assert response.status_code == 400
    assert "evil.example" not in response.text
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("name", ["evil.example", "news.example.org, evil.example"])
def test_an_unknown_forwarded_host_gets_400(client: FlaskClient, path: str, name: str) -> None:
    response = client.get(path, headers={"X-Forwarded-Host": name})
    assert response.status_code == 400
    assert "evil.example" not in response.text


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("path", ["/", "/datasets/penguins", "/feed.atom", "/index.json"])
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "http"},
        {"X-Forwarded-Port": "6666"},
        {"X-Forwarded-Prefix": "/evil"},
        {"Forwarded": "host=evil.example;proto=http"},
        {"Host": "news.example.org:6666"},
    ],
)
def test_no_header_reaches_a_link(client: FlaskClient, path: str, headers: dict[str, str]) -> None:
    text = client.get(path, headers=headers).text
    assert text == client.get(path).text
    assert "https://news.example.org" in text


def test_the_name_of_a_proxy_of_ours_is_welcome(
    client: FlaskClient, installation: Installation
) -> None:
    response = client.get("/", headers={"X-Forwarded-Host": "news.example.org"})
    assert response.status_code == 200
