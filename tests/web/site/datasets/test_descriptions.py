"""The catalog for programs."""

import json
from hashlib import sha256

from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from newsletter.catalog import datasets
from newsletter.installation import Installation
from newsletter.models.post import PostState
from tests import factories
from tests.markup import one


def test_the_index_leads_to_every_file(client: FlaskClient, seeded: Installation) -> None:
    response = client.get("/index.json")
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    (found,) = response.get_json()["datasets"]
    assert found["slug"] == "penguins"
    assert found["url"] == "https://news.example.org/datasets/penguins"
    (table,) = found["tables"]
    assert table["columns"] == ["species", "bill_mm", "flipper_mm", "year"]
    path = table["files"]["parquet"]["url"].removeprefix("https://news.example.org")
    assert len(client.get(path).data) == table["files"]["parquet"]["bytes"]


def test_the_index_is_narrowed_to_a_column_and_says_its_type(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.write() as session:
        factories.dataset(session, seeded.storage, "nile", {"flow": "year,flow\n1871,1120\n"})

    def slugs(column: str) -> list[str]:
        found = client.get("/index.json", query_string={"column": column}).get_json()["datasets"]
        return [each["slug"] for each in found]

    assert slugs("BILL_MM") == ["penguins"]
    assert sorted(slugs("year")) == ["nile", "penguins"]
    assert slugs("bill") == slugs("%") == slugs("' OR 1=1 --") == []
    (found,) = client.get("/index.json?column=bill_mm").get_json()["datasets"]
    assert found["tables"][0]["fields"][1] == {"name": "bill_mm", "type": "number", "unit": "mm"}


def test_a_data_package_names_the_files_of_this_site(
    client: FlaskClient, seeded: Installation
) -> None:
    package = client.get("/datasets/penguins/datapackage.json").get_json()
    path = package["resources"][0]["path"]
    assert path == "https://news.example.org/datasets/penguins/v/1.0.0/penguins.csv"
    assert client.get(path.removeprefix("https://news.example.org")).status_code == 200


def test_each_version_has_a_data_package_with_all_of_its_files(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.write() as session:
        factories.newer(session, seeded.storage, "penguins", "1.1.0", "bird\n1\n")
    for number in ("1.0.0", "1.1.0"):
        package = client.get(f"/datasets/penguins/v/{number}/datapackage.json").get_json()
        assert package["version"] == number
        (resource,) = package["resources"]
        for file in (resource, *resource["alternatives"]):
            content = client.get(file["path"].removeprefix("https://news.example.org")).data
            assert file["hash"] == f"sha256:{sha256(content).hexdigest()}"
            assert file["bytes"] == len(content)
    assert client.get("/datasets/penguins/v/2.0.0/datapackage.json").status_code == 404


def test_croissant_is_json_ld(client: FlaskClient, seeded: Installation) -> None:
    response = client.get("/datasets/penguins/croissant.json")
    assert response.mimetype == "application/ld+json"
    assert response.get_json(force=True)["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_the_catalog_is_dcat(client: FlaskClient, seeded: Installation) -> None:
    (found,) = client.get("/data.json").get_json()["dataset"]
    assert found["identifier"] == "https://news.example.org/datasets/penguins"
    assert found["contactPoint"]["hasEmail"] == "mailto:hello@news.example.org"


def test_an_empty_catalog_is_still_a_catalog(client: FlaskClient) -> None:
    assert client.get("/index.json").get_json()["datasets"] == []
    assert client.get("/data.json").get_json()["dataset"] == []
    assert client.get("/datasets/penguins/datapackage.json").status_code == 404


def test_the_index_lists_posts_with_where_their_files_are(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.write() as session:
        version = datasets.published(session, "penguins")
        factories.post(session, version)
        factories.post(session, version, "penguins-model", columns=["year"], runs=[], language="r")
        factories.post(session, version, "penguins-draft", PostState.DRAFT)
    found = {post["slug"]: post for post in client.get("/index.json").get_json()["posts"]}
    assert set(found) == {"penguins-who-is-who", "penguins-model"}
    post = found["penguins-who-is-who"]
    assert (post["dataset"], post["version"], post["language"]) == ("penguins", "1.0.0", "python")
    assert post["last_run"] == {
        "status": "ran",
        "at": "2026-11-23T09:00:00+00:00",
        "versions": {"pandas": "2.3.3", "python": "3.12.3"},
    }
    assert found["penguins-model"]["last_run"] is None
    assert set(post["files"]) == {"py", "ipynb", "md"}
    for url in (post["url"], *post["files"].values()):
        assert client.get(url).status_code == 200
    narrowed = client.get("/index.json?column=YEAR").get_json()["posts"]
    assert [each["slug"] for each in narrowed] == ["penguins-model"]


def test_what_was_written_on_a_dataset_is_said_where_it_fits(
    client: FlaskClient, seeded: Installation
) -> None:
    with seeded.db.write() as session:
        factories.post(session, datasets.published(session, "penguins"))
    address = "https://news.example.org/posts/penguins-who-is-who"
    page = BeautifulSoup(client.get("/datasets/penguins").text, "html.parser")
    (listed,) = page.select("#posts .posts a[href^='/posts/']")
    assert listed["href"] == "/posts/penguins-who-is-who"
    described = json.loads(one(page, "script[type='application/ld+json']").text)
    assert described["subjectOf"] == [
        {
            "@type": "SoftwareSourceCode",
            "name": "Who is who among the penguins",
            "abstract": "Which two measurements tell the species apart?",
            "url": address,
            "author": {"@type": "Person", "name": "Ada Example"},
            "programmingLanguage": "Python",
            "license": "https://spdx.org/licenses/MIT.html",
            "datePublished": "2026-11-24",
        }
    ]
    (found,) = client.get("/data.json").get_json()["dataset"]
    assert found["references"][-1] == address


def test_a_dataset_without_posts_does_not_speak_of_them(
    client: FlaskClient, seeded: Installation
) -> None:
    text = client.get("/datasets/penguins").text
    assert "subjectOf" not in text
    assert "Code on it" not in text
