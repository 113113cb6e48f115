"""What of a request views are given."""

from io import BytesIO
from urllib.parse import quote

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

UNFIT = "a\0b\x01c\x0bd\x1fe\ufffef\uffffg"


@pytest.fixture
def echo(new_app: Flask) -> FlaskClient:
    """A client of an app that says what it was given."""

    @new_app.post("/echo")
    def given() -> dict[str, object]:
        return {
            "args": request.args.to_dict(),
            "form": request.form.to_dict(flat=False),
            "files": {name: file.filename for name, file in request.files.items()},
        }

    @new_app.get("/number/<int:number>")
    def number(number: int) -> str:
        return str(number)

    return new_app.test_client()


def test_what_some_layer_refuses_is_dropped_and_all_else_is_kept(echo: FlaskClient) -> None:
    text = "tab\t, line\r\nline, \x7f\x85\u2028\N{GRINNING FACE} é"
    given = echo.post(
        f"/echo?q={quote(UNFIT)}&{quote(UNFIT)}=1&empty=",
        data={"text": [UNFIT, text], "file": (BytesIO(b"1"), "a\0b.csv")},
    ).json
    assert given == {
        "args": {"q": "abcdefg", "abcdefg": "1", "empty": ""},
        "form": {"text": ["abcdefg", text]},
        "files": {"file": "ab.csv"},
    }


@pytest.mark.parametrize("sign", ["%00", "%01", "%0a", "%0d%0a", "%09", "%e2%80%a8", "%ef%bf%be"])
def test_no_address_has_such_a_character(client: FlaskClient, sign: str) -> None:
    assert client.get(f"/datasets/pen{sign}guins").status_code == 404
    assert client.get(f"/datasets{sign}").status_code == 404


def test_a_number_in_an_address_is_one_that_a_row_can_have(echo: FlaskClient) -> None:
    assert echo.get(f"/number/{2**63 - 1}").text == str(2**63 - 1)
    assert echo.get(f"/number/{2**63}").status_code == 404
    assert echo.get(f"/number/{'9' * 5000}").status_code == 404
