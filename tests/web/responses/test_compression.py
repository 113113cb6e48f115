"""Fewer bytes for who asks for them; the file itself for who asks for a range."""

import gzip

import brotli
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.task import Task
from newsletter.web.responses.compression import AT_ONCE, compressed_file
from tests import factories

LONG = "a,b\n" + "".join(f"{n},word\n" for n in range(500))
CSV = "/datasets/long/v/1.0.0/long.csv"
DECODERS = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.fixture(autouse=True)
def long(installation: Installation) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, "long", {"long": LONG})
        factories.issue(session, version)


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_a_file_comes_compressed_under_a_tag_of_its_own(client: FlaskClient, encoding: str) -> None:
    plain = client.get(CSV)
    small = client.get(CSV, headers={"Accept-Encoding": encoding})
    assert small.headers["Content-Encoding"] == encoding
    assert DECODERS[encoding](small.data) == plain.data == LONG.encode()
    assert small.headers["ETag"] == f'{plain.headers["ETag"][:-1]}-{encoding}"'
    assert "Accept-Ranges" not in small.headers
    assert "Content-Encoding" not in plain.headers
    for response in (plain, small):
        assert "Accept-Encoding" in response.headers["Vary"]
        assert response.cache_control.immutable
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    again = {"Accept-Encoding": encoding, "If-None-Match": small.headers["ETag"]}
    assert client.get(CSV, headers=again).status_code == 304
    assert client.get(CSV, headers={"If-None-Match": small.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("identity", None),
        ("*;q=0", None),
        ("", None),
        ("zstd", None),
    ],
)
def test_the_answer_is_in_an_encoding_that_was_asked_for(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    response = client.get(CSV, headers={"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == encoding


def test_a_range_is_one_of_the_file_itself(client: FlaskClient) -> None:
    response = client.get(CSV, headers={"Accept-Encoding": "br", "Range": "bytes=4-9"})
    assert response.status_code == 206
    assert "Content-Encoding" not in response.headers
    assert response.data == LONG.encode()[4:10]


def test_what_is_compressed_already_stays_as_it_is(client: FlaskClient) -> None:
    for path in (CSV.replace(".csv", ".parquet"), "/datasets/long/chart.png"):
        response = client.get(path, headers={"Accept-Encoding": "br"})
        assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("path", ["/index.json", "/data.json", "/feed.atom", "/feed.json"])
def test_feeds_and_documents_come_compressed(client: FlaskClient, path: str) -> None:
    plain = client.get(path)
    small = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(plain.data)
    assert small.headers["ETag"] != plain.headers["ETag"]
    assert small.headers["Content-Length"] == str(len(small.data))
    assert gzip.decompress(small.data)[:1] == plain.data[:1]
    etag = small.headers["ETag"]
    if path != "/feed.atom":  # which says when it was made
        again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": etag})
        assert again.status_code == 304


def test_the_compressed_file_is_kept_beside_the_file(installation: Installation) -> None:
    storage = installation.storage
    key = factories.store(storage, LONG.encode(), ".csv")
    place = compressed_file(installation, key, "br")
    assert place is not None
    assert place == storage.path(f"{key}.br")
    written = place.stat().st_mtime_ns
    assert compressed_file(installation, key, "br") == place
    assert place.stat().st_mtime_ns == written
    assert list((storage.root / "incoming").iterdir()) == []


def test_a_small_file_is_not_worth_it(installation: Installation) -> None:
    key = factories.store(installation.storage, b"a\n", ".csv")
    assert compressed_file(installation, key, "br") is None


def test_nobody_waits_while_a_large_file_is_compressed(installation: Installation) -> None:
    """A task does it, once; until then the file comes as it is."""
    key = factories.store(installation.storage, b"word\n" * (AT_ONCE // 5 + 1), ".csv")
    for _ in range(3):
        assert compressed_file(installation, key, "gzip") is None
    with installation.db.read() as session:
        (task,) = session.scalars(select(Task))
    assert task.name == "encode-file"
    run_until_idle(installation)
    assert compressed_file(installation, key, "gzip") == installation.storage.path(f"{key}.gz")
