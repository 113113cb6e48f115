import pytest
from flask.testing import FlaskClient

from newsletter.web.site.form_token import HONEYPOT, is_by_a_program


@pytest.mark.parametrize("path", ["/", "/subscribe", "/suggest", "/share"])
def test_each_form_has_the_field_that_only_programs_fill_in(client: FlaskClient, path: str) -> None:
    assert client.get(path).text.count(f'name="{HONEYPOT}"') == 1


def test_what_fills_it_in_is_a_program() -> None:
    assert is_by_a_program({HONEYPOT: "https://spam.example"})
    assert not is_by_a_program({HONEYPOT: ""})
    assert not is_by_a_program({})
