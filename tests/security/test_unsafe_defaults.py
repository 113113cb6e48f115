"""Row "unsafe default without a switch": where the site listens, and whom it believes."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from newsletter.cli.demo import settings_for
from newsletter.errors import BadSetting
from newsletter.host.proxies import TrustedProxies
from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.web import server
from tests.functional.site import free_port

FORM = {"email": "not an address"}


def listening(monkeypatch: pytest.MonkeyPatch, installation: Installation) -> str:
    """What gunicorn is told to bind to."""
    told: list[str] = []

    class Gunicorn:
        def __init__(self, make: Callable[[], object], options: dict[str, str]) -> None:
            told.append(options["bind"])

        def run(self) -> None:
            pass

    monkeypatch.setattr(server, "_Gunicorn", Gunicorn)
    server.serve(installation)
    return told[0]


@pytest.mark.parametrize(
    ("given", "bound"),
    [
        ("", "127.0.0.1:8000"),
        ("0.0.0.0", "0.0.0.0:8000"),
        ("::1", "[::1]:8000"),
        ("[::]", "[::]:8000"),
    ],
)
def test_the_site_listens_on_this_machine_alone_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
    installation: Installation,
    environ: dict[str, str],
    given: str,
    bound: str,
) -> None:
    settings = Settings.load(environ | {"NEWSLETTER_BIND": given})
    assert listening(monkeypatch, replace(installation, settings=settings)) == bound


@pytest.mark.parametrize("given", ["news.example.org", "127.0.0.1:8000", "*", "/run/site.sock"])
def test_a_wrong_address_stops_the_start(environ: dict[str, str], given: str) -> None:
    with pytest.raises(BadSetting, match=r"NEWSLETTER_BIND .*give an address of this machine"):
        Settings.load(environ | {"NEWSLETTER_BIND": given})


def test_the_demo_does_the_same(tmp_path: Path) -> None:
    assert settings_for(tmp_path, {}).bind == "127.0.0.1"
    port = str(free_port())
    settings = settings_for(tmp_path, {"PORT": port, "NEWSLETTER_BIND": "127.0.0.2"})
    serving = server.reserve(Installation.open(settings))
    assert serving.socket.getsockname() == ("127.0.0.2", int(port))
    with socket.socket() as elsewhere:  # the port is free at every other address
        elsewhere.bind(("127.0.0.1", int(port)))
    serving.close()


def test_the_procfile_names_all_addresses_as_its_hosts_expect() -> None:
    text = (Path(__file__).parents[2] / "Procfile").read_text()
    assert 'web: exec env NEWSLETTER_BIND="${NEWSLETTER_BIND:-0.0.0.0}" newsletter web' in text


@pytest.mark.parametrize("peer", ["172.17.0.1", "10.0.0.7", "203.0.113.7"])
def test_a_limit_is_not_dodged_by_a_claim(client: FlaskClient, peer: str) -> None:
    statuses = [
        client.post(
            "/subscribe",
            data=FORM,
            headers={"X-Forwarded-For": f"198.51.{number}.1"},
            environ_base={"REMOTE_ADDR": peer},
        ).status_code
        for number in range(11)
    ]
    assert statuses == [*[422] * 10, 429]


def test_visitors_of_a_cdn_are_not_one(app: Flask, installation: Installation) -> None:
    proxies = TrustedProxies.parse("2")
    settings = replace(installation.settings, trusted_proxies=proxies)
    app.extensions["newsletter"] = replace(installation, settings=settings)
    statuses = set()
    for number in range(1, 25):
        chain = f"203.0.{number}.7:{number}, 198.51.100.9"
        answer = app.test_client().post("/subscribe", data=FORM, headers={"X-Forwarded-For": chain})
        statuses.add(answer.status_code)
    assert statuses == {422}
