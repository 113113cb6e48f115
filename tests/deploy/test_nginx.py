"""The proxy of docs/operator.md: Debian's nginx with deploy/nginx.conf, before a real site."""

import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from newsletter.installation import Installation
from newsletter.settings import Settings
from tests import factories
from tests.functional.lists import NEWSLETTER, REPOSITORY
from tests.functional.site import free_port
from tests.migrated import migrate
from tests.waiting import wait_until

CONFIGURATION = Path(__file__).parents[2] / "deploy/nginx.conf"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
NAME = "news.example.org"
HALF_A_FORM = f"POST /subscribe HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 999\r\n\r\na".encode()

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


class Proxied:
    """A site, and the ports of the proxy before it."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.site_port, self.http_port, self.https_port = (free_port() for _ in range(3))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        authority.issue_cert(NAME, "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(
            folder / "site.pem"
        )
        self._environ = environ | {
            "PATH": os.environ["PATH"],
            "PORT": str(self.site_port),
            "NEWSLETTER_BASE_URL": f"https://{NAME}",
        }
        opened = Installation.open(Settings.load(self._environ))
        migrate(opened.db)
        with opened.db.write() as session:
            version = factories.dataset(session, opened.storage)
            factories.issue(session, version)
        opened.db.close()

    @contextmanager
    def site(self) -> Iterator[None]:
        process = subprocess.Popen(
            [*NEWSLETTER, "web"], cwd=REPOSITORY, env=self._environ, stderr=subprocess.DEVNULL
        )
        try:
            wait_until(lambda: listens(self.site_port))
            yield
        finally:
            process.terminate()
            process.wait()

    @contextmanager
    def proxy(self) -> Iterator[None]:
        place = self.folder / "nginx.conf"
        place.write_text(self._configuration())
        process = subprocess.Popen([str(NGINX), "-p", self.folder, "-c", place])
        try:
            wait_until(lambda: listens(self.https_port))
            yield
        finally:
            process.terminate()
            process.wait()

    def _configuration(self) -> str:
        """As it is, at other ports, and with other folders and another certificate."""
        text = CONFIGURATION.read_text()
        changes = {
            f"/etc/letsencrypt/live/{NAME}/fullchain.pem": f"{self.folder}/site.pem",
            f"/etc/letsencrypt/live/{NAME}/privkey.pem": f"{self.folder}/site.pem",
            "/var/cache/nginx/newsletter": f"{self.folder}/cache",
            "127.0.0.1:8000": f"127.0.0.1:{self.site_port}",
            "listen 80;": f"listen 127.0.0.1:{self.http_port};",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.https_port} ssl http2;",
            "    listen [::]:80;\n": "",
            "    listen [::]:443 ssl http2;\n": "",
        }
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        return (
            f"daemon off; pid {self.folder}/pid; error_log {self.folder}/error.log;"
            f"{' user root;' if os.getuid() == 0 else ''}"
            f" events {{}} http {{ access_log off; {text} }}"
        )

    def get(self, path: str, method: str = "GET", **more: Any) -> requests.Response:
        """Ask for what is at the site's name."""
        return requests.request(
            method,
            f"https://127.0.0.1:{self.https_port}{path}",
            headers={"Host": NAME},
            verify=str(self.folder / "authority.pem"),
            allow_redirects=False,
            timeout=30,
            **more,
        )


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def proxied(tmp_path: Path, environ: dict[str, str]) -> Iterator[Proxied]:
    proxied = Proxied(tmp_path, environ)
    with proxied.proxy():
        yield proxied


def test_the_site_is_reached_by_https_alone_and_goes_on_while_it_restarts(
    proxied: Proxied,
) -> None:
    with proxied.site():
        first = proxied.get("/issues/")
        assert first.status_code == 200
        assert "max-age" in first.headers["Strict-Transport-Security"]
        plain = requests.get(
            f"http://127.0.0.1:{proxied.http_port}/issues/", headers={"Host": NAME},
            allow_redirects=False, timeout=30,
        )  # fmt: skip
        assert (plain.status_code, plain.headers["Location"]) == (301, f"https://{NAME}/issues/")
        for path in ("/admin", "/admin/"):
            answer = proxied.get(path)
            assert answer.headers["Location"].startswith(("/", f"https://{NAME}/")), path
        assert proxied.get("/datasets/penguins/v/1.0.0/penguins.csv").text.startswith("species")
    assert proxied.get("/issues/").text == first.text
    assert proxied.get("/datasets/").status_code == 502  # nobody has asked for it before


def test_forms_are_limited_by_address_and_leaving_is_not(proxied: Proxied) -> None:
    with proxied.site():
        signing_up = [
            proxied.get("/subscribe", "POST", data={"address": "x"}).status_code for _ in range(20)
        ]
        leaving = [proxied.get("/unsubscribe/none", "POST").status_code for _ in range(30)]
        assert signing_up.count(429) >= 8
        assert set(leaving) == {404}
        assert proxied.get("/").status_code == 200


def test_who_is_slow_is_waited_for_by_the_proxy(proxied: Proxied) -> None:
    with proxied.site(), ExitStack() as slow:
        trusted = ssl.create_default_context(cafile=proxied.folder / "authority.pem")
        for _ in range(60):  # more than the site has threads
            wire = slow.enter_context(socket.create_connection(("127.0.0.1", proxied.https_port)))
            secured = slow.enter_context(trusted.wrap_socket(wire, server_hostname=NAME))
            secured.sendall(HALF_A_FORM)
        answers = [proxied.get("/feed.atom").status_code for _ in range(5)]
    assert answers == [200] * 5
