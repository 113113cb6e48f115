"""Files that come ahead of their form, so that the page can say how far they are.

Each is answered with the note that the form then carries in the file's place (see
``web.uploads``). A browser without scripts sends the files with the form instead.
"""

import re

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from newsletter import clock
from newsletter.errors import Invalid, NotFound
from newsletter.web.context import installation
from newsletter.web.uploads import Upload, note_of, store_upload, stored

blueprint = Blueprint("arrivals", __name__, url_prefix="/uploads")

SHA256 = re.compile(r"[0-9a-f]{64}")


@blueprint.post("")
def arrive() -> ResponseReturnValue:
    """Keep the file that was sent. Raises Invalid where none was."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid("No file came: choose one and send it again.")
    return _noted(store_upload(installation(), sent))


@blueprint.post("/known")
def known() -> ResponseReturnValue:
    """The note of a file that is here already, by its hash; it need not be sent again.

    Raises NotFound where it is not.
    """
    digest, name = request.form.get("sha256", ""), request.form.get("name", "")
    upload = stored(installation(), digest, name) if SHA256.fullmatch(digest) else None
    if upload is None:
        raise NotFound("That file is not here yet.")
    return _noted(upload)


def _noted(upload: Upload) -> Response:
    return jsonify(note=note_of(installation(), upload, clock.now()), name=upload.name)
