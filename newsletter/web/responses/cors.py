"""Public data and feeds may be read by a page of any origin; nothing else may."""

from flask import Response, request

from newsletter.web.responses.compression import compressed


def open_to_all(response: Response) -> Response:
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def open_document(response: Response) -> Response:
    """The same for a document that was just written: its hash is its ETag, so that who has
    it already is told so with 304. Compressed where that is asked for."""
    response.add_etag()
    return open_to_all(compressed(response)).make_conditional(request)  # type: ignore[return-value]
