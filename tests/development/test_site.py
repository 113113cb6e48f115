"""The development site opens the admin without a password: to whom, and to whom never."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from development import CURATOR, MARK, PASSWORD
from development.site import FORWARDED, create_dev_app
from newsletter import clock
from newsletter.cli import demo
from newsletter.curators import accounts
from newsletter.errors import Refused
from newsletter.installation import Installation
from newsletter.models.curator import Role
from tests.migrated import migrate

ROOT = Path(__file__).parents[2]
HERE = "http://localhost:8000"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as development.home leaves it, but for its catalog."""
    home = tmp_path / "dev"
    opened = Installation.open(demo.settings_for(home))
    migrate(opened.db)
    with opened.db.write() as session:
        accounts.add_curator(session, CURATOR, Role.OWNER, PASSWORD, clock.now())
    opened.db.close()
    (home / MARK).touch()
    return home


@pytest.fixture
def client(home: Path) -> Iterator[FlaskClient]:
    installation = Installation.open(demo.settings_for(home))
    yield create_dev_app(installation).test_client()
    installation.db.close()


def follow(client: FlaskClient, path: str) -> TestResponse:
    return client.get(path, base_url=HERE, follow_redirects=True)


@pytest.mark.parametrize("path", ["/admin/", "/admin/datasets/", "/admin/subscribers/"])
def test_a_page_of_the_admin_opens_at_once(client: FlaskClient, path: str) -> None:
    response = follow(client, path)
    assert (response.status_code, response.request.path) == (200, path)
    assert CURATOR in response.text


def test_the_form_to_sign_in_can_be_looked_at_and_used(client: FlaskClient) -> None:
    form = follow(client, "/admin/login")
    assert 'type="password"' in form.text
    token = form.text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = client.post(
        "/admin/login",
        base_url=HERE,
        data={"csrf_token": token, "address": CURATOR, "password": PASSWORD},
    )
    assert (answer.status_code, answer.location) == (302, "/admin/")


def test_nobody_is_sent_to_another_site(client: FlaskClient) -> None:
    answer = client.get("/admin/login?next=https://evil.example/", base_url=HERE)
    assert (answer.status_code, answer.location) == (302, "/admin/")


def test_a_form_still_needs_its_token(client: FlaskClient) -> None:
    follow(client, "/admin/")
    assert client.post("/admin/logout", base_url=HERE).status_code == 400
    assert CURATOR in follow(client, "/admin/").text


def test_no_page_is_kept(client: FlaskClient) -> None:
    """A word of a template that is changed is seen with the next request."""
    assert client.application.extensions["page_cache"].room == 0


def test_a_browser_asks_again_for_a_sheet_that_may_have_changed(client: FlaskClient) -> None:
    sheet = client.get("/static/site.css", base_url=HERE, buffered=True)
    assert sheet.cache_control.max_age == 0 or sheet.cache_control.no_cache


def refused(response: TestResponse) -> bool:
    return response.status_code == 403 and "Set-Cookie" not in response.headers


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/login?next=/admin/"])
@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1:8000", ""])
def test_another_name_for_this_machine_is_refused(
    client: FlaskClient, path: str, host: str
) -> None:
    assert refused(client.get(path, headers={"Host": host}))


@pytest.mark.parametrize("peer", ["10.0.0.7", "192.168.1.5", "203.0.113.9", "2001:db8::1"])
def test_another_machine_is_refused(client: FlaskClient, peer: str) -> None:
    environ = {"REMOTE_ADDR": peer}
    assert refused(client.get("/admin/", base_url=HERE, environ_overrides=environ))


@pytest.mark.parametrize("header", FORWARDED)
def test_what_a_proxy_or_a_tunnel_carries_in_is_refused(client: FlaskClient, header: str) -> None:
    assert refused(client.get("/admin/", base_url=HERE, headers={header: "127.0.0.1"}))


def test_a_home_that_was_not_made_for_development_is_not_opened(home: Path) -> None:
    (home / MARK).unlink()
    with pytest.raises(Refused, match="was not made for development"):
        create_dev_app(Installation.open(demo.settings_for(home)))


def test_it_is_no_part_of_what_is_installed(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", tmp_path], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert "newsletter/cli/demo.py" in names
    assert [name for name in names if "development" in name] == []
