"""Files that come ahead of the dataset form, by tus 1.0: each header, each refusal."""

import base64
import errno
import hashlib
import io
import logging
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.storage import Storage
from newsletter.web.admin.datasets import upload_api
from tests.conftest import BASE_URL
from tests.web.admin.conftest import Browser
from tests.web.admin.datasets.test_dataset_form import CSV, NEW, WORDS

UPLOADS = "/admin/uploads"
BYTES = "application/offset+octet-stream"
NAME = f"filename {base64.b64encode(b'Seal counts.csv').decode()}, type dGV4dA=="


class Client:
    """What a tus client sends, from a browser in which somebody is signed in."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.token = browser.token()

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str | None) -> TestResponse:
        given = {"Tus_Resumable": "1.0.0", "X_CSRFToken": self.token} | headers
        sent = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
        return self.browser.client.open(
            path, method=method, data=body, headers=sent, base_url=BASE_URL
        )

    def begin(self, length: int | str, metadata: str | None = NAME) -> TestResponse:
        return self.ask("POST", UPLOADS, Upload_Length=str(length), Upload_Metadata=metadata)

    def append(
        self, path: str, offset: int | str, body: bytes, **headers: str | None
    ) -> TestResponse:
        given = {"Content_Type": BYTES, "Upload_Offset": str(offset)} | headers
        return self.ask("PATCH", path, body, **given)


@pytest.fixture
def client(curator: Browser) -> Client:
    return Client(curator)


@pytest.fixture
def begun(client: Client) -> str:
    """The address of an upload of the seals."""
    return client.begin(len(CSV)).location


def sentence(answer: TestResponse) -> tuple[int, str]:
    """The status, and the one sentence that stands alone in the answer."""
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.text.count("\n") == 1
    return answer.status_code, answer.text.strip()


def received(client: Client, path: str) -> int:
    return int(client.ask("HEAD", path).headers["Upload-Offset"])


def test_a_file_in_pieces_is_answered_with_the_note_that_the_form_carries(
    client: Client, curator: Browser, installation: Installation
) -> None:
    begun = client.begin(len(CSV))
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    assert begun.location.startswith("/admin/uploads/")  # whatever the host is called
    first = client.append(begun.location, 0, CSV[:20])
    assert (first.status_code, first.text, first.headers["Upload-Offset"]) == (204, "", "20")
    assert first.headers["Upload-Expires"] == "Wed, 25 Nov 2026 09:30:00 GMT"
    assert "Upload-Note" not in first.headers
    last = client.append(begun.location, 20, CSV[20:])
    note = {"tables-0-stored": last.headers["Upload-Note"]}
    assert curator.post(NEW, NEW, **(WORDS | note)).status_code == 302
    curator.work()
    with installation.db.read() as session:
        table = datasets.newest(session, "harbour-seals").tables[0]
        assert (table.name, table.rows, table.origin) == ("seal-counts", 4, "Seal counts.csv")
    # The dataset has it.
    assert client.ask("HEAD", begun.location).status_code == 404
    assert list(installation.storage.root.rglob("*.piece")) == []


def test_a_form_that_is_refused_keeps_the_file(
    client: Client, curator: Browser, begun: str
) -> None:
    note = client.append(begun, 0, CSV).headers["Upload-Note"]
    refused = curator.post(NEW, NEW, **(WORDS | {"slug": "Not a slug", "tables-0-stored": note}))
    assert refused.status_code == 422
    assert "Seal counts.csv</strong> (uploaded)" in refused.text
    assert received(client, begun) == len(CSV)


def test_it_says_how_far_a_file_is(client: Client, begun: str) -> None:
    client.append(begun, 0, CSV[:20])
    answer = client.ask("HEAD", begun)
    assert answer.status_code == 200
    shown = {name: answer.headers[name] for name in ("Upload-Offset", "Upload-Length")}
    assert shown == {"Upload-Offset": "20", "Upload-Length": str(len(CSV))}
    assert answer.headers["Upload-Metadata"] == NAME.partition(",")[0]
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.ask("GET", begun).status_code == 405


def test_it_says_what_it_can_do(client: Client, begun: str) -> None:
    for path in (UPLOADS, begun):
        answer = client.ask("OPTIONS", path, Tus_Resumable=None)
        assert answer.status_code == 204
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Max-Size"] == str(2 * 1024**3)
        assert answer.headers["Tus-Extension"] == "creation,expiration,termination,checksum"
        assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"


def test_another_version_of_the_protocol_is_refused(client: Client, begun: str) -> None:
    for version in ("0.2.2", None):
        for method, path in (("POST", UPLOADS), ("PATCH", begun), ("DELETE", begun)):
            answer = client.ask(method, path, Tus_Resumable=version, Upload_Length="1")
            assert sentence(answer)[0] == 412
            assert answer.headers["Tus-Version"] == "1.0.0"
    assert received(client, begun) == 0


def test_a_file_of_nothing_has_its_note_at_once(client: Client) -> None:
    assert client.begin(0).headers["Upload-Note"]


@pytest.mark.parametrize("length", ["", "-1", "1.5", "many", "٣", "9" * 16])
def test_a_length_that_is_none_is_refused(client: Client, length: str) -> None:
    expected = (400, "Upload-Length has to be a number of bytes.")
    assert sentence(client.begin(length)) == expected


def test_too_large_a_file_is_refused_before_it_is_sent(client: Client) -> None:
    status, words = sentence(client.begin(2 * 1024**3 + 1))
    assert (status, words) == (
        413,
        "A file may have 2 GB at most: pack it, or give its web address.",
    )


def test_too_many_unfinished_ones_are_refused(client: Client) -> None:
    for _ in range(20):
        client.begin(1)
    assert sentence(client.begin(1))[0] == 429


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        (None, ""),
        ("type dGV4dA==", ""),
        ("filename", ""),
        ("filename Li4vLi4vZXRjL3Bhc3N3ZA==", "passwd"),
        ("filename w6l0w6kuY3N2", "été.csv"),
        ("filename /////w==", "\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_a_name_is_taken_from_the_metadata(client: Client, metadata: str | None, name: str) -> None:
    path = client.begin(3, metadata).location
    shown = client.ask("HEAD", path).headers.get("Upload-Metadata", "").removeprefix("filename ")
    assert base64.b64decode(shown).decode() == name


def test_metadata_that_is_not_base64_is_refused(client: Client) -> None:
    assert sentence(client.begin(3, "filename seals.csv"))[0] == 400


@pytest.mark.parametrize("offset", [1, 19, 21, 66])
def test_a_piece_for_another_place_is_a_conflict(client: Client, begun: str, offset: int) -> None:
    client.append(begun, 0, CSV[:20])
    status, words = sentence(client.append(begun, offset, b"x"))
    assert (status, words) == (409, f"20 bytes are here, not {offset}: go on from there.")
    assert received(client, begun) == 20


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Content_Type": "text/csv"}, 415),
        ({"Content_Type": None}, 415),
        ({"Upload_Offset": None}, 400),
        ({"Upload_Offset": "-1"}, 400),
        ({"Upload_Checksum": "md5 AAAA"}, 400),
        ({"Upload_Checksum": "sha1 not-base64"}, 400),
        ({"Upload_Checksum": "sha1 AAAA"}, 460),
        ({"Upload_Checksum": "sha256"}, 460),
    ],
)
def test_a_piece_with_wrong_headers_is_refused(
    client: Client, begun: str, changed: dict[str, str | None], status: int
) -> None:
    assert sentence(client.append(begun, 0, CSV, **changed))[0] == status
    assert received(client, begun) == 0


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_checksum_that_is_right_is_taken(client: Client, begun: str, algorithm: str) -> None:
    digest = base64.b64encode(hashlib.new(algorithm, CSV).digest()).decode()
    answer = client.append(begun, 0, CSV, Upload_Checksum=f"{algorithm} {digest}")
    assert answer.headers["Upload-Note"]


def test_a_piece_has_8_mb_at_most_and_none_goes_beyond_the_end(client: Client, begun: str) -> None:
    large = client.begin(9 * 1024**2).location
    too_large = client.append(large, 0, b"0" * (8 * 1024**2 + 1))
    words = "A piece may have 8 MB: send the file in more of them."
    assert sentence(too_large) == (413, words)
    assert client.append(large, 0, b"0" * 8 * 1024**2).status_code == 204
    assert sentence(client.append(begun, 0, CSV + b"x"))[0] == 413
    assert received(client, begun) == 0


def test_a_piece_of_unknown_length_is_refused(client: Client, begun: str) -> None:
    headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": client.token, "Upload-Offset": "0"}
    answer = client.browser.client.patch(
        begun,
        base_url=BASE_URL,
        headers=headers,
        content_type=BYTES,
        environ_overrides={"wsgi.input": io.BytesIO(CSV), "wsgi.input_terminated": True},
    )
    assert sentence(answer)[0] == 411


class Breaking(io.RawIOBase):
    """A body whose connection breaks after some bytes: quietly, or with an error."""

    def __init__(self, content: bytes, error: OSError | None) -> None:
        self.content, self.error = io.BytesIO(content), error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = self.content.readinto(buffer)
        if not size and self.error:
            raise self.error
        return size


@pytest.mark.parametrize("error", [None, TimeoutError("silent"), ConnectionResetError("gone")])
def test_of_a_piece_that_breaks_off_what_came_is_kept(
    client: Client, begun: str, error: OSError | None
) -> None:
    headers = {"Tus-Resumable": "1.0.0", "X-CSRFToken": client.token, "Upload-Offset": "0"}
    body = {"wsgi.input": Breaking(CSV[:20], error), "CONTENT_LENGTH": str(len(CSV))}
    client.browser.client.patch(
        begun, base_url=BASE_URL, headers=headers, content_type=BYTES, environ_overrides=body
    )
    assert received(client, begun) == 20
    assert client.append(begun, 20, CSV[20:]).headers["Upload-Note"]


def test_of_a_piece_that_takes_too_long_what_came_is_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = client.begin(3 * upload_api.CHUNK).location
    moments = iter((0, 1, upload_api.PIECE_SECONDS + 1))
    monkeypatch.setattr(upload_api, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    answer = client.append(path, 0, b"0" * 3 * upload_api.CHUNK)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(upload_api.CHUNK))


def test_what_is_discarded_is_gone(client: Client, begun: str) -> None:
    client.append(begun, 0, CSV[:20])
    answer = client.ask("DELETE", begun)
    assert (answer.status_code, answer.text) == (204, "")
    for method in ("HEAD", "DELETE"):
        assert client.ask(method, begun).status_code == 404
    expected = "That upload is not here, or no longer: send the file again."
    assert sentence(client.append(begun, 20, CSV[20:])) == (404, expected)


def test_another_curators_upload_is_not_there(client: Client, owner: Browser, begun: str) -> None:
    other = Client(owner)
    assert other.ask("HEAD", begun).status_code == 404
    assert sentence(other.append(begun, 0, CSV))[0] == 404
    assert sentence(other.ask("DELETE", begun))[0] == 404
    assert received(client, begun) == 0


def test_it_is_for_curators_with_the_token_of_their_session(
    client: Client, owner: Browser, nobody: Browser, begun: str
) -> None:
    stranger = Client.__new__(Client)
    stranger.browser, stranger.token = nobody, client.token
    assert stranger.begin(1).status_code == 302
    assert stranger.append(begun, 0, CSV).status_code == 302
    for token in (None, "x", owner.token()):
        assert client.append(begun, 0, CSV, X_CSRFToken=token).status_code == 400
        assert client.ask("DELETE", begun, X_CSRFToken=token).status_code == 400
    assert received(client, begun) == 0


def test_a_full_disk_is_said_in_a_sentence_and_nothing_is_lost(
    client: Client, begun: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client.append(begun, 0, CSV[:20])
    for error, status, words in (
        (OSError(errno.ENOSPC, "full"), 507, "The disk of the server is full."),
        (OSError(errno.EIO, "broken"), 503, "The server cannot keep anything just now."),
    ):
        with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
            patch.setattr(Storage, "write", _raising(error))
            answer = client.append(begun, 20, CSV[20:])
        assert sentence(answer)[0] == status
        assert answer.text.startswith(words)
        assert answer.headers["Retry-After"]
    assert received(client, begun) == 20
    assert client.append(begun, 20, CSV[20:]).headers["Upload-Note"]


def test_a_database_that_is_away_is_said_in_a_sentence_and_nothing_is_lost(
    client: Client, begun: str, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.append(begun, 0, CSV[:20])
    place = installation.settings.home / "newsletter.db"

    write = Storage.write

    def goes_away(storage: Storage, *arguments: Any) -> Any:
        stored = write(storage, *arguments)
        installation.db.close()
        place.rename(place.with_name("away.db"))
        return stored

    monkeypatch.setattr(Storage, "write", goes_away)
    answer = client.append(begun, 20, CSV[20:])
    monkeypatch.undo()
    status, words = sentence(answer)
    assert (status, words[:41]) == (503, "The server cannot keep anything just now.")
    assert sentence(client.append(begun, 20, CSV[20:]))[0] == 503  # not even who is signed in
    place.with_name("away.db").rename(place)
    assert received(client, begun) == 20
    assert client.append(begun, 20, CSV[20:]).headers["Upload-Note"]


def _raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: object) -> Any:
        raise error

    return fail


def test_only_the_form_may_run_the_script(curator: Browser) -> None:
    policy = curator.get(NEW).headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in curator.get("/admin/").headers["Content-Security-Policy"]
