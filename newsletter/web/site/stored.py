"""Answers made of stored files: streamed, checked by hash, resumable.

The key of a stored file is the hash of its content, so it is the ETag too,
and what was once fetched never has to be fetched again.
"""

from flask import Response, send_file

from newsletter.errors import NotFound
from newsletter.web.context import installation
from newsletter.web.cors import open_to_all
from newsletter.web.security import FOREIGN_DOCUMENT, content_security_policy

FOR_EVER = 365 * 24 * 3600
A_WHILE = 300
CHART_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


def send_stored(
    key: str, mimetype: str, max_age: int, download_name: str | None = None
) -> Response:
    """The stored file ``key``, whole or the range that was asked for, readable by any
    origin. With a ``download_name`` the browser saves it."""
    response = send_file(
        installation().storage.path(key),
        mimetype=mimetype,
        as_attachment=download_name is not None,
        download_name=download_name,
        conditional=True,
        etag=key.partition(".")[0],
        max_age=max_age,
    )
    return open_to_all(response)


def send_chart(key: str | None) -> Response:
    """A chart to be shown. Raises NotFound where none was drawn."""
    if key is None:
        raise NotFound("This dataset has no chart.")
    response = send_stored(key, CHART_TYPES[key.rpartition(".")[2]], A_WHILE)
    # An SVG opened by itself is a document, which could hold a script.
    response.headers["Content-Security-Policy"] = content_security_policy(FOREIGN_DOCUMENT)
    return response
