"""The data itself, over HTTP."""

from hashlib import sha256
from pathlib import Path

import duckdb
import openpyxl
import pytest
from flask.testing import FlaskClient

from newsletter.engine.tasks.worker import run_until_idle
from newsletter.installation import Installation
from newsletter.models.dataset import VersionState
from newsletter.tables import workbook
from newsletter.web.site.datasets import files
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
        "/datasets/penguins/v/1.0.0/penguins.ods",
        "/datasets/penguins/v/1.0.0/other.xlsx",
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


def test_a_workbook_has_the_rows_and_the_dictionary(client: FlaskClient, tmp_path: Path) -> None:
    response = client.get("/datasets/penguins/v/1.0.0/penguins.xlsx")
    file = tmp_path / "penguins.xlsx"
    file.write_bytes(response.data)

    book = openpyxl.load_workbook(file)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"] == "attachment; filename=penguins.xlsx"
    assert (book.sheetnames, book["Data"].max_row) == (["Data", "Dictionary"], 7)
    assert client.get("/datasets/penguins/v/1.0.0/penguins.xlsx").data == response.data


def test_a_larger_one_is_made_by_a_task(
    client: FlaskClient, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 1)
    address = "/datasets/penguins/v/1.0.0/penguins.xlsx"

    waiting = client.get(address)
    run_until_idle(installation)

    assert (waiting.status_code, waiting.headers["Refresh"]) == (202, "3")
    assert client.get(address).status_code == 200


def test_what_no_sheet_holds_is_not_offered(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 5)

    page = client.get("/datasets/penguins").text
    refused = client.get("/datasets/penguins/v/1.0.0/penguins.xlsx")

    assert "A sheet of Excel has 5 rows, and this table more." in page
    assert refused.status_code == 404


def test_a_csv_file_for_spreadsheets_has_the_mark_and_the_same_content(
    client: FlaskClient,
) -> None:
    address = "/datasets/penguins/v/1.0.0/spreadsheet/penguins.csv"

    assert client.get(address).data == b"\xef\xbb\xbf" + client.get(CSV).data
    assert address in client.get("/datasets/penguins/v/1.0.0/").text
