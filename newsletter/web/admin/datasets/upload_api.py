"""Files that come ahead of their form, in pieces: tus 1.0, whose words the headers are
(https://tus.io/protocols/resumable-upload).

A whole one is answered with the note that the form then carries in the file's place (see
``web.uploads``). A browser without scripts sends the files with the form instead. Whatever
is refused is refused in one sentence, without a page around it.
"""

import base64
import binascii
import errno
import logging
import time
from collections.abc import Iterator
from contextlib import suppress

from flask import Blueprint, Response, abort, make_response, request, url_for
from flask_login import current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.http import http_date

from newsletter import clock
from newsletter.curators.permissions import Permission
from newsletter.errors import NewsletterError
from newsletter.outages import is_transient
from newsletter.services.datasets import uploads
from newsletter.services.datasets.uploads import FILE_BYTES, PIECE_BYTES, Checksum, Progress
from newsletter.web.auth import needs
from newsletter.web.context import installation
from newsletter.web.errors import status_of
from newsletter.web.uploads import Upload, note_of

log = logging.getLogger(__name__)
blueprint = Blueprint("upload_api", __name__, url_prefix="/uploads")

VERSION = "1.0.0"
ABILITIES = {
    "Tus-Version": VERSION,
    "Tus-Extension": "creation,expiration,termination,checksum",
    "Tus-Max-Size": str(FILE_BYTES),
    "Tus-Checksum-Algorithm": "sha1,sha256",
}
CONTENT_TYPE = "application/offset+octet-stream"
CHUNK = 64 * 1024
# A thread waits no longer for a piece; what came of it until then is kept.
PIECE_SECONDS = 30
FULL = "The disk of the server is full. What is here is kept: make room, then go on."
AWAY = "The server cannot keep anything just now. What is here is kept: go on in a moment."


@blueprint.before_request
def say_what_is_taken() -> Response | None:
    if request.method == "OPTIONS":
        return _empty(204, ABILITIES)
    if request.headers.get("Tus-Resumable") == VERSION:
        return None
    answer = _sentence(412, f"Uploads are taken by tus {VERSION}: say so in Tus-Resumable.")
    answer.headers["Tus-Version"] = VERSION
    return answer


@blueprint.after_request
def name_the_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    return response


@blueprint.post("")
@needs(Permission.DRAFT)
def begin() -> Response:
    """Begin an upload of ``Upload-Length`` bytes."""
    length = _number("Upload-Length")
    token, progress = uploads.begin(
        installation(), current_user.id, _file_name(), length, clock.now()
    )
    answer = _standing(201, progress)
    answer.headers["Location"] = url_for(".append", token=token)
    return answer


@blueprint.route("/<token>", methods=["HEAD"])
@needs(Permission.DRAFT)
def progress(token: str) -> Response:
    """Say how far it is, and of a whole one its note."""
    progress = uploads.progress(installation(), current_user.id, token)
    answer = _standing(200, progress)
    answer.headers["Upload-Length"] = str(progress.length)
    if progress.name:
        name = base64.b64encode(progress.name.encode()).decode()
        answer.headers["Upload-Metadata"] = f"filename {name}"
    return answer


@blueprint.patch("/<token>")
@needs(Permission.DRAFT)
def append(token: str) -> Response:
    """Keep the next piece."""
    if request.mimetype != CONTENT_TYPE:
        abort(415, f"Send a piece as {CONTENT_TYPE}.")
    if request.content_length is None:
        abort(411, "Send each piece with its length, in Content-Length.")
    if request.content_length > PIECE_BYTES:
        abort(413, f"A piece may have {PIECE_BYTES // 1024**2} MB: send the file in more of them.")
    offset, checksum = _number("Upload-Offset"), _checksum()
    progress = uploads.append(
        installation(), current_user.id, token, offset, _body(), clock.now(), checksum
    )
    return _standing(204, progress)


@blueprint.delete("/<token>")
@needs(Permission.DRAFT)
def discard(token: str) -> Response:
    """Remove it, whole or not."""
    uploads.discard(installation(), current_user.id, token)
    return _empty(204, {})


@blueprint.errorhandler(NewsletterError)
def refused(error: NewsletterError) -> Response:
    return _sentence(status_of(error), str(error))


@blueprint.errorhandler(HTTPException)
def not_understood(error: HTTPException) -> Response:
    return _sentence(error.code or 500, error.description or error.name)


@blueprint.errorhandler(OSError)
@blueprint.errorhandler(SQLAlchemyError)
def cannot_now(error: OSError | SQLAlchemyError) -> Response:
    """Nothing is wrong with the upload: a client waits, asks how far it is, and goes on."""
    if isinstance(error, SQLAlchemyError) and not is_transient(error):
        raise error
    is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    event = {"event": "upload.not_kept", "error": type(error).__name__}
    log.error("A piece of an upload could not be kept.", exc_info=error, extra=event)
    answer = _sentence(507, FULL) if is_full else _sentence(503, AWAY)
    answer.headers["Retry-After"] = "10"
    return answer


def _body() -> Iterator[bytes]:
    """The piece, as it comes; less of it where the connection ends, or is too slow."""
    ends = time.monotonic() + PIECE_SECONDS
    with suppress(ClientDisconnected, OSError):
        while time.monotonic() < ends and (chunk := request.stream.read(CHUNK)):
            yield chunk


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        abort(400, f"{header} has to be a number of bytes.")
    return int(text)


def _file_name() -> str:
    """Of ``Upload-Metadata``: names with values in Base64, with commas between them."""
    for pair in request.headers.get("Upload-Metadata", "").split(","):
        key, _, value = pair.strip().partition(" ")
        if key == "filename":
            return _decoded("Upload-Metadata", value).decode(errors="replace")
    return ""


def _checksum() -> Checksum | None:
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _, digest = header.partition(" ")
    if algorithm not in ABILITIES["Tus-Checksum-Algorithm"].split(","):
        abort(400, "Upload-Checksum has to be of sha1 or sha256.")
    return Checksum(algorithm, _decoded("Upload-Checksum", digest))


def _decoded(header: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        abort(400, f"{header} has a value that is not Base64.")


def _standing(status: int, progress: Progress) -> Response:
    headers = {"Upload-Offset": str(progress.received)}
    if progress.is_whole:
        upload = Upload(progress.key, progress.name)
        headers["Upload-Note"] = note_of(installation(), upload, clock.now())
    else:
        headers["Upload-Expires"] = http_date(progress.expires_at)
    return _empty(status, headers)


def _empty(status: int, headers: dict[str, str]) -> Response:
    answer = make_response("", status, headers)
    del answer.headers["Content-Type"]
    return answer


def _sentence(status: int, sentence: str) -> Response:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    return make_response(sentence + "\n", status, headers)
