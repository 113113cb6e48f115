"""Our own style sheets, scripts and pictures: their addresses hold the hash of their content, so
that a browser keeps them for ever, and each is compressed once."""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from flask import Flask, Response, abort, request

from newsletter.storage.encodings import squeezed
from newsletter.web.responses.compression import compressed
from newsletter.web.responses.file_responses import for_ever

FOLDER = Path(__file__).parents[1] / "static"
ENDPOINT = "static"
KNOWN_BY = 12  # letters of a hash


@dataclass(frozen=True, slots=True)
class StaticFile:
    content: bytes
    hash: str
    mimetype: str
    _smaller: dict[str, bytes] = field(default_factory=dict)  # by encoding

    def squeezed(self, body: bytes, encoding: str) -> bytes:
        if encoding not in self._smaller:
            self._smaller[encoding] = squeezed(body, encoding)
        return self._smaller[encoding]


def register(app: Flask) -> None:
    """Serve them at /static/, and let ``url_for`` write their hash."""
    app.add_url_rule("/static/<name>", ENDPOINT, _answer)

    @app.url_defaults
    def add_hash(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == ENDPOINT:
            values.setdefault("v", _file(values["name"]).hash)


def _answer(name: str) -> Response:
    file = _file(name) if name in {file.name for file in FOLDER.iterdir()} else abort(404)
    response = Response(file.content, mimetype=file.mimetype)
    response.set_etag(file.hash)
    if request.args.get("v") == file.hash:
        for_ever(response)
    return cast(Response, compressed(response, file.squeezed).make_conditional(request))


def _file(name: str) -> StaticFile:
    """As it is now: who works on it sees each change."""
    path = FOLDER / name
    return _read(path, path.stat().st_mtime_ns)


@lru_cache
def _read(path: Path, _changed_at: int) -> StaticFile:
    content = path.read_bytes()
    mimetype = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return StaticFile(content, hashlib.sha256(content).hexdigest()[:KNOWN_BY], mimetype)
