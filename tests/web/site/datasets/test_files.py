"""The data itself, over HTTP."""

from hashlib import sha256
from pathlib import Path

import duckdb
import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from tests import factories

CSV = "/datasets/penguins/v/1.0.0/penguins.csv"

pytestmark = pytest.mark.usefixtures("seeded")


@pytest.mark.parametrize(
    ("kind", "mimetype"),
    [
        ("csv", "text/csv"),
        ("parquet", "application/vnd.apache.parquet"),
        ("json", "application/json"),
    ],
)
def test_a_table_is_served_with_its_hash(client: FlaskClient, kind: str, mimetype: str) -> None:
    response = client.get(f"/datasets/penguins/v/1.0.0/penguins.{kind}")
    assert response.status_code == 200
    assert response.mimetype == mimetype
    assert response.headers["ETag"] == f'"{sha256(response.data).hexdigest()}"'
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"] == f"attachment; filename=penguins.{kind}"
    cached = response.cache_control
    assert cached.public
    assert cached.immutable
    assert cached.max_age == 365 * 24 * 3600


def test_the_parquet_file_reads(client: FlaskClient, tmp_path: Path) -> None:
    file = tmp_path / "penguins.parquet"
    file.write_bytes(client.get("/datasets/penguins/v/1.0.0/penguins.parquet").data)
    with duckdb.connect() as connection:
        assert connection.read_parquet(str(file)).shape == (6, 4)


def test_head_says_the_same_without_the_body(client: FlaskClient) -> None:
    head, get = client.head(CSV), client.get(CSV)
    assert head.data == b""
    assert head.headers["Content-Length"] == str(len(get.data))
    assert head.headers["ETag"] == get.headers["ETag"]


def test_a_broken_download_can_go_on(client: FlaskClient) -> None:
    response = client.get(CSV, headers={"Range": "bytes=8-"})
    assert response.status_code == 206
    assert response.data == factories.PENGUINS.encode()[8:]
    assert client.get(CSV, headers={"Range": "bytes=99999-"}).status_code == 416


def test_who_has_it_gets_nothing_twice(client: FlaskClient) -> None:
    etag = client.get(CSV).headers["ETag"]
    again = client.get(CSV, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    "path",
    [
        "/datasets/penguins/v/1.0.1/penguins.csv",
        "/datasets/penguins/v/1.0.0/other.csv",
        "/datasets/penguins/v/1.0.0/penguins.xlsx",
        "/datasets/nothing/v/1.0.0/penguins.csv",
        "/datasets/penguins/v/1.0.0/..%2f..%2fnewsletter.csv",
    ],
)
def test_what_is_not_kept_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_drafts_files_are_not_public(client: FlaskClient, seeded: Installation) -> None:
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "draft", state=VersionState.DRAFT)
    assert client.get("/datasets/draft/v/1.0.0/draft.csv").status_code == 404
    assert client.get("/datasets/draft/chart.png").status_code == 404


def test_a_file_that_storage_lost_is_our_fault_and_logged(
    client: FlaskClient, seeded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    key = client.get(CSV).headers["ETag"].strip('"') + ".csv"
    seeded.storage.path(key).unlink()
    assert client.get(CSV).status_code == 500
    assert len(caplog.records) == 1


@pytest.mark.parametrize(("kind", "mimetype"), [("png", "image/png"), ("svg", "image/svg+xml")])
def test_a_chart_is_shown_and_can_do_nothing(client: FlaskClient, kind: str, mimetype: str) -> None:
    response = client.get(f"/datasets/penguins/chart.{kind}")
    assert response.mimetype == mimetype
    assert "attachment" not in response.headers.get("Content-Disposition", "")
    assert "sandbox" in response.headers["Content-Security-Policy"]
