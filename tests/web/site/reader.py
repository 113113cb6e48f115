"""A reader without JavaScript who fills in one of the forms, and takes their time."""

import io
import re
from datetime import timedelta
from typing import Any

import time_machine
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from newsletter import clock

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
SUGGEST, SHARE = "/suggest", "/share"
DATA = {
    "title": "Seals of the Wadden Sea",
    "link": "https://example.org/seals.csv",
    "about": "One row a sandbank and a year, counted from the air since 1959.",
    "license": "CC-BY-4.0",
    "name": "Ann Lee",
    "address": "ann@example.org",
}
CODE = {
    "dataset": "penguins",
    "title": "Bills tell them apart",
    "link": "https://example.org/bo/bills",
    "about": "Two measurements are enough to tell the species apart.",
    "license": "MIT",
    "name": "Bo Berg",
    "address": "bo@example.org",
}
TYPED = {SUGGEST: DATA, SHARE: CODE}


def hidden(page: str) -> dict[str, str]:
    """What the form of a page carries besides what is typed."""
    return dict(HIDDEN.findall(page))


def send(
    client: FlaskClient, form: str, after: float = 20, status: int = 200, **typed: Any
) -> TestResponse:
    """Open a form and send it ``after`` so many seconds, filled in but for ``typed``."""
    with time_machine.travel(clock.now() - timedelta(seconds=after), tick=False):
        carried = hidden(client.get(form).text)
    answer = client.post(form, data=TYPED[form] | carried | typed)
    answer.request.input_stream.close()  # a file of the test client's, where it sends much
    assert answer.status_code == status, answer.text
    return answer


def file(content: bytes = b"print(1)\n", name: str = "bills.py") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)
