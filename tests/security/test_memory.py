"""Row "memory": no request makes the program hold more than its limits say."""

import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.web import auth, security
from tests.web.admin.conftest import Browser

MB = 1024 * 1024
MULTIPART = "multipart/form-data"
NEW = "/admin/datasets/new"


def test_the_limits_of_a_public_request_are_set(app: Flask) -> None:
    assert 0 < app.config["MAX_CONTENT_LENGTH"] <= MB
    assert 0 < app.config["MAX_FORM_MEMORY_SIZE"] <= MB
    assert 0 < app.config["MAX_FORM_PARTS"] <= 1000


@pytest.mark.parametrize("path", ["/subscribe", "/unsubscribe/x", "/preferences/x", "/admin/login"])
@pytest.mark.parametrize(
    "body",
    [
        {"data": b"email=" + b"a" * security.BODY_BYTES},
        {"data": {"email": "a" * (security.FORM_BYTES + 1)}, "content_type": MULTIPART},
        {"data": dict.fromkeys(map(str, range(security.FORM_PARTS + 1)), "x")}
        | {"content_type": MULTIPART},
    ],
    ids=["bytes", "one field", "many parts"],
)
def test_a_stranger_who_sends_more_gets_413_or_nothing(
    client: FlaskClient, path: str, body: dict[str, Any]
) -> None:
    response = client.post(path, **body)
    # 404 and 400 are said before the body is looked at.
    assert response.status_code in (413, 404, 400)
    assert response.status_code == 413 or path != "/subscribe"


@pytest.mark.parametrize("name", ["title", "tables-0-file"])
def test_a_curator_has_limits_too(owner: Browser, name: str) -> None:
    limit = auth.FORM_BYTES if name == "title" else auth.UPLOAD_BYTES
    answer = send(owner, Endless(owner.token(NEW), limit + MB, name))
    assert answer.status_code == 413
    assert "Send a smaller file." in answer.text


class Endless(io.RawIOBase):
    """A form with one field of ``size`` bytes, made as it is read."""

    def __init__(self, token: str, size: int, name: str) -> None:
        file = '; filename="t.csv"' if name.endswith("file") else ""
        fields = (
            f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        )
        self.head, self.tail = fields.encode(), b"\r\n--x--\r\n"
        self.length = len(self.head) + size + len(self.tail)
        self._pieces = self._made(size)
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = next(self._pieces, b"")
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def _made(self, size: int) -> Iterator[bytes]:
        yield self.head
        for _ in range(size // MB):
            yield b"0" * MB
        yield self.tail


def test_an_upload_goes_to_the_disk_and_not_into_memory(owner: Browser) -> None:
    body = Endless(owner.token(NEW), 48 * MB, "tables-0-file")
    tracemalloc.start()
    try:
        answer = send(owner, body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert answer.status_code == 422
    assert "t.csv</strong> (uploaded)" in answer.text
    assert peak < 16 * MB


def send(browser: Browser, body: Endless) -> TestResponse:
    request = {
        "wsgi.input": body,
        "CONTENT_LENGTH": str(body.length),
        "CONTENT_TYPE": f"{MULTIPART}; boundary=x",
    }
    return browser.client.post(NEW, environ_overrides=request)
