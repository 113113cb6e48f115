"""A site that is down, slow, hostile or no newsletter is said to be so, in one sentence."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from dataset_daily import (
    Damaged,
    NoSuchTable,
    Unreachable,
    Unusable,
    Withdrawn,
    datasets,
    load,
)
from dataset_daily.site import Site
from tests.client.conftest import Served

INDEX = "/index.json"


@contextmanager
def answering(content: bytes, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that says ``content`` to whoever comes, and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            connection, _ = listening.accept()
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                connection.recv(65536)
                connection.sendall(content)
                if not content:
                    ended.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"{'https' if context else 'http'}://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "news.example.org",
        "ftp://news.example.org",
        "file:///etc/passwd",
        "https://",
        "https://you:secret@news.example.org",
        "https://news.example.org/?a=b",
        "https://news.example.org:nine",
        "http://[::1",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(Unusable, match=r"is no newsletter's address: give one such as https://"):
        load("kinds", site=address)


def test_a_site_that_is_down(served: Served) -> None:
    with pytest.raises(Unreachable, match=r"cannot be reached \(.*refused\): try again later\.$"):
        load("kinds", site="http://127.0.0.1:1")


def test_a_site_that_is_silent() -> None:
    with answering(b"") as address, pytest.raises(Unreachable, match="timed out"):
        Site(address, seconds=0.2).document(INDEX)


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n{}",
        b"HTTP/1.0 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.0 302 Found\r\nLocation: ftp://127.0.0.1/x\r\n\r\n",
        b"HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_leads_elsewhere(content: bytes) -> None:
    with answering(content) as address, pytest.raises(Unreachable, match="try again later"):
        datasets(address)


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slowly", "403 No", "302 Found"])
def test_a_site_that_cannot(status: str, served: Served) -> None:
    served.failing = status
    with pytest.raises(Unreachable, match="try again later"):
        load("kinds")


LISTS = (b"<html>", b"", b"[]", b"\xff", b'{"datasets": 1}', b'{"datasets": [{}, 1]}')


@pytest.mark.parametrize("page", LISTS)
def test_a_page_that_is_no_list_of_datasets(page: bytes, served: Served) -> None:
    served.spoiled[INDEX] = page
    with pytest.raises(Damaged, match=f"is {served.address} a newsletter"):
        datasets()


def test_a_page_without_an_end(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataset_daily.site.DOCUMENT_AT_MOST", 100)
    with pytest.raises(Damaged, match="does not end"):
        datasets()


FILE = {"hash": "sha256:" + "0" * 64, "format": "csv", "bytes": 1, "schema": {"fields": []}}
WHOLE = {"name": "kinds", "version": "1.1.0", "resources": [FILE | {"name": "kinds"}]}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "../.."},
        {"name": "lonely"},
        {"version": "../1.1.0"},
        {"version": 1},
        {"resources": [FILE]},
        {"resources": [FILE | {"name": "kinds", "hash": "sha256:../../../x"}]},
        {"resources": [FILE | {"name": "kinds", "hash": None}]},
        {"resources": [FILE | {"name": "kinds", "bytes": "many"}]},
        {"resources": 1},
    ],
)
def test_a_description_that_is_none(
    changed: dict[str, object], served: Served, tmp_path: Path
) -> None:
    served.spoiled["/datasets/kinds/datapackage.json"] = json.dumps(WHOLE | changed).encode()
    with pytest.raises(Damaged, match="The description of kinds does not read"):
        load("kinds")
    assert not (tmp_path / "cache").exists()


def test_a_description_of_another_version(served: Served) -> None:
    served.spoiled["/datasets/kinds/v/1.0.0/datapackage.json"] = json.dumps(WHOLE).encode()
    with pytest.raises(Damaged, match=r"kinds 1\.0\.0 was asked for, and 1\.1\.0 came"):
        load("kinds", version="1.0.0")


def test_a_table_without_parquet_is_for_pandas_alone(served: Served) -> None:
    served.spoiled["/datasets/kinds/datapackage.json"] = json.dumps(WHOLE).encode()
    with pytest.raises(NoSuchTable, match="not there as parquet, which polars needs"):
        load("kinds", using="polars")


def test_a_secure_site_leads_to_none_that_is_not(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    moved = f"HTTP/1.0 302 Found\r\nLocation: {served.address}{INDEX}\r\n\r\n".encode()
    with answering(moved, context) as address, pytest.raises(Unreachable, match="without https"):
        datasets(address)
    assert served.requested == []
    with answering(moved) as address:
        assert len(datasets(address)) == 3


def test_what_was_withdrawn_is_said_with_its_reason() -> None:
    gone = {"slug": "kinds", "version": "1.0.0", "withdrawn": "2026-11-24T09:00:00+00:00"}
    body = json.dumps({"withdrawn": [gone | {"reason": "Asked for."}], "current": "2.0.0"})
    head = f"HTTP/1.0 410 Gone\r\nContent-Length: {len(body)}\r\n\r\n"
    sentence = (
        r"^kinds 1\.0\.0 was withdrawn on 2026-11-24: Asked for\. The current version is 2\.0\.0\.$"
    )
    with answering((head + body).encode()) as address, pytest.raises(Withdrawn, match=sentence):
        load("kinds", version="1.0.0", site=address)


def test_an_address_that_is_gone_without_a_word_has_nothing() -> None:
    head = b"HTTP/1.0 410 Gone\r\nContent-Length: 4\r\n\r\nGone"
    with answering(head) as address, pytest.raises(NoSuchTable, match="There is nothing at"):
        Site(address).document(INDEX)
