"""Row "host header": an unknown name gets 400 and never reaches a link."""

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.web.security import is_trusted

PAGES = ["/", "/datasets/penguins", "/feed.atom", "/feed.json", "/index.json", "/no"]
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


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("name", [*NAMES, "10.0.0.7:8000", "[fe80::1]:8000"])
@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_a_health_check_asks_by_any_name(
    client: FlaskClient, path: str, name: str, header: str
) -> None:
    response = client.get(path, headers={header: name})
    assert response.status_code == 200
    assert "evil" not in response.text


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize(
    "name",
    ["NEWS.Example.ORG", "News.example.org:443", "[::1]", "[::1]:8000", "LOCALHOST:8000",
     "127.0.0.1:8000"],
)  # fmt: skip
def test_a_host_of_ours_is_one_however_it_is_written(client: FlaskClient, name: str) -> None:
    assert client.get("/", headers={"Host": name}).status_code == 200
    assert client.get("/", headers={"X-Forwarded-Host": name}).status_code == 200


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("[2001:DB8::7]:443", True),
        ("[2001:db8::8]", False),
        ("2001:db8::7", False),  # no host is written so
        ("a.example.net", True),
        ("example.net.evil.example", False),
        ("xn--bcher-kva.example:8000", True),
        ("[::1", False),
    ],
)
def test_names_addresses_and_whole_domains_may_be_trusted(host: str, is_ours: bool) -> None:
    trusted = ("[2001:db8::7]", ".example.net", "bücher.example", "::1")
    assert is_trusted(host, trusted) is is_ours
