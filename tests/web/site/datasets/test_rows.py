"""The rows that are asked for, as a file."""

import csv
from io import StringIO

import pytest
from flask.testing import FlaskClient

from newsletter.installation import Installation
from tests import factories

FILE = "/datasets/penguins/v/1.0.0/penguins/rows.csv"

pytestmark = pytest.mark.usefixtures("seeded")


def read(client: FlaskClient, path: str) -> list[list[str]]:
    response = client.get(path)
    assert response.status_code == 200
    assert response.mimetype == "text/csv"
    return list(csv.reader(StringIO(response.text, newline="")))


def test_the_rows_come_with_their_head_in_their_order(client: FlaskClient) -> None:
    assert read(client, f"{FILE}?species__exact=Gentoo&_sort_desc=bill_mm") == [
        ["species", "bill_mm", "flipper_mm", "year"],
        ["Gentoo", "50.0", "230", "2008"],
        ["Gentoo", "46.1", "211", "2008"],
    ]


def test_it_is_saved_under_a_name_of_its_own(client: FlaskClient) -> None:
    response = client.get(FILE)
    assert response.headers["Content-Disposition"] == "attachment; filename=penguins-rows.csv"
    assert response.headers["X-Robots-Tag"] == "noindex"


def test_a_missing_cell_is_empty(client: FlaskClient) -> None:
    assert read(client, f"{FILE}?bill_mm__isblank=1")[1:] == [["Adelie", "", "", "2007"]]


def test_a_bad_question_is_refused_in_words(client: FlaskClient) -> None:
    response = client.get(f"{FILE}?bill_mm__gte=long")
    assert response.status_code == 422
    assert "“long” is not a number." in response.text


def test_texts_are_harmless_in_a_spreadsheet_and_numbers_are_numbers(
    client: FlaskClient, seeded: Installation
) -> None:
    text = 'formula,number\n"=1+1",-5\nplain,3\n'
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "sums", {"sums": text})
    assert read(client, "/datasets/sums/v/1.0.0/sums/rows.csv?number__lte=3")[1:] == [
        ["'=1+1", "-5"],
        ["plain", "3"],
    ]
    whole = client.get("/datasets/sums/v/1.0.0/sums.csv")
    assert whole.text == text, "the data itself stays as it is"


@pytest.mark.parametrize("name", ["other", "..", "penguins%2f.."])
def test_no_other_table_is_there(client: FlaskClient, name: str) -> None:
    assert client.get(FILE.replace("/penguins/rows", f"/{name}/rows")).status_code == 404
