"""Our own files are kept for ever under the hash of their content, and are small to fetch."""

import re
from pathlib import Path

import brotli
import pytest
from flask.testing import FlaskClient

from newsletter.web.responses import static_files

ADDRESS = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def addresses(client: FlaskClient, page: str) -> list[str]:
    return ADDRESS.findall(client.get(page).text)


@pytest.mark.usefixtures("seeded")
@pytest.mark.parametrize("page", ["/", "/datasets/penguins", "/admin/login"])
def test_a_page_names_them_by_their_hash_and_they_are_kept_for_ever(
    client: FlaskClient, page: str
) -> None:
    names = addresses(client, page)
    assert len(names) >= 3
    for address in names:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.cache_control.immutable, address


def test_each_is_compressed_and_asked_for_again_by_its_tag(client: FlaskClient) -> None:
    plain = client.get("/static/site.css")
    small = client.get("/static/site.css", headers={"Accept-Encoding": "br"})
    assert brotli.decompress(small.data) == plain.data
    assert len(small.data) < len(plain.data) / 3
    assert small.headers["ETag"] != plain.headers["ETag"]
    tag = {"If-None-Match": small.headers["ETag"], "Accept-Encoding": "br"}
    assert client.get("/static/site.css", headers=tag).status_code == 304


def test_without_the_right_hash_a_browser_asks_again(client: FlaskClient) -> None:
    for address in ("/static/site.css", "/static/site.css?v=0123456789ab"):
        cache = client.get(address).cache_control
        assert cache.no_cache
        assert not cache.immutable


def test_a_file_that_is_changed_has_another_address(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(static_files, "FOLDER", tmp_path)
    names = {}
    for content in ("a {}", "b { color: red }"):
        for name in ("icon.svg", "tokens.css", "site.css", "admin.css"):
            (tmp_path / name).write_text(content)
        names[content] = addresses(client, "/admin/login")
    first, second = names.values()
    assert len(set(first) | set(second)) == len(first) + len(second) > 0


@pytest.mark.parametrize("name", ["nosuch.css", "..%2Fapp.py", "%2e%2e/app.py", ".", "9" * 4000])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
