"""Answers made of stored files: streamed, checked by hash, resumable.

The key of a stored file is the hash of its content, so it is the ETag too,
and what was once fetched never has to be fetched again. Who asks for text in
fewer bytes gets it compressed; a range is always one of the file itself.
"""

from pathlib import Path

from flask import Response, request, send_file
from werkzeug.wsgi import wrap_file

from newsletter.errors import NotFound
from newsletter.web.context import installation
from newsletter.web.responses.compression import COMPRESSIBLE, compressed_file, encoding
from newsletter.web.responses.cors import open_to_all
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy

FOR_EVER = 365 * 24 * 3600
A_WHILE = 300
CHART_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def send_stored(
    key: str, mimetype: str, max_age: int, download_name: str | None = None
) -> Response:
    """The stored file ``key``, whole or the range that was asked for, readable by any
    origin. With a ``download_name`` the browser saves it."""
    opened = installation()
    path, etag, encoded = opened.storage.path(key), key.partition(".")[0], encoding()
    if mimetype in COMPRESSIBLE and encoded and (smaller := compressed_file(opened, key, encoded)):
        path, etag = smaller, f"{etag}-{encoded}"
    else:
        encoded = None
    response = send_file(
        path,
        mimetype=mimetype,
        as_attachment=download_name is not None,
        download_name=download_name,
        conditional=True,
        etag=etag,
        max_age=max_age,
    )
    _leave_range_to_the_server(response, path)
    if mimetype in COMPRESSIBLE:
        response.vary.add("Accept-Encoding")
    if encoded:
        response.content_encoding = encoded
        response.headers.pop("Accept-Ranges", None)
    return open_to_all(response)


def _leave_range_to_the_server(response: Response, path: Path) -> None:
    """A file is sent by the server's loop, as fast as it is read; so is a part of one. Without
    this a thread would read the part."""
    if response.status_code != 206 or "wsgi.file_wrapper" not in request.environ:
        return
    response.response.close()  # type: ignore[union-attr]
    file = path.open("rb")
    file.seek(response.content_range.start or 0)
    response.response = wrap_file(request.environ, file)


def for_ever(response: Response) -> Response:
    """``response``, which never changes, to be kept by everybody."""
    response.cache_control.max_age = FOR_EVER
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response


def send_chart(key: str | None) -> Response:
    """A chart to be shown. Raises NotFound where none was drawn."""
    if key is None:
        raise NotFound("This dataset has no chart.")
    response = send_stored(key, CHART_TYPES[key.rpartition(".")[2]], A_WHILE)
    # An SVG opened by itself is a document, which could hold a script.
    response.headers["Content-Security-Policy"] = content_security_policy(FOREIGN_DOCUMENT)
    return response
