"""Row "SQL injection": whatever is asked for is a value."""

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.installation import Installation
from newsletter.web.plain_request import UNFIT
from tests.examples import examples

HOSTILE = [
    "' OR '1'='1",
    "'; DROP TABLE dataset; --",
    '" OR 1=1 --',
    "%",
    "_",
    "\\",
    "\x00",
    "é\ud7ff",
]
ASKED = ("q", "column", "year", "keyword", "dataset", "language", "kind")
TEXT = st.text(max_size=40) | st.sampled_from(HOSTILE)


@pytest.mark.usefixtures("seeded")
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(query=TEXT, keyword=TEXT)
def test_search_and_filter_take_any_text(client: FlaskClient, query: str, keyword: str) -> None:
    response = client.get("/datasets/", query_string={"q": query, "keyword": keyword})
    assert response.status_code == 200


@pytest.mark.usefixtures("seeded")
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(asked=st.dictionaries(st.sampled_from(ASKED), TEXT, max_size=4))
def test_the_archives_take_any_text(client: FlaskClient, asked: dict[str, str]) -> None:
    for path in ("/posts/", "/issues/", "/datasets/", "/index.json", "/feed.json"):
        response = client.get(path, query_string={n: t for n, t in asked.items() if n != "kind"})
        assert response.status_code == 200, path
    told = client.get("/feed.json", query_string=asked).status_code
    assert told == (404 if UNFIT.sub("", asked.get("kind", "")) else 200)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_name_in_an_address_is_a_statement(
    client: FlaskClient, seeded: Installation, text: str
) -> None:
    paths = [
        f"/datasets/{text}",
        f"/datasets/penguins/v/{text}/penguins.csv",
        f"/datasets/penguins/v/1.0.0/{text}.csv",
        f"/issues/{text}",
        f"/unsubscribe/{text}",
        f"/posts/{text}",
        f"/posts/{text}.py",
        f"/posts/penguins-who-is-who.{text}",
        f"/posts/{text}/figures/1.png",
        f"/posts/penguins-who-is-who/figures/{text}.png",
    ]
    for path in paths:
        assert client.get(path).status_code == 404, path
    assert client.get("/datasets/penguins").status_code == 200
