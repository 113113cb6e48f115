"""Addresses that open a table elsewhere."""

from urllib.parse import parse_qs, unquote, urlsplit

from newsletter.catalog.external_viewers import explorers

BASE = "https://news.example.org"
CSV = f"{BASE}/datasets/nyc-flights/v/1.0.0/flights-2013.csv"


def test_datasette_lite_is_given_the_csv_file() -> None:
    lite, _ = explorers(BASE, "nyc-flights", "1.0.0", "flights-2013")
    assert parse_qs(urlsplit(lite.url).query) == {"csv": [CSV]}


def test_the_duckdb_shell_is_given_queries_in_its_own_spelling() -> None:
    _, shell = explorers(BASE, "nyc-flights", "1.0.0", "flights-2013")
    version, *queries = urlsplit(shell.url).fragment.removeprefix("queries=").split(",")
    swapped = str.maketrans({"-": " ", " ": "-"})
    assert version == "v0"
    assert [unquote(query).removesuffix("~").translate(swapped) for query in queries] == [
        f"CREATE TABLE flights_2013 AS FROM '{CSV.replace('.csv', '.parquet')}'",
        "SUMMARIZE flights_2013",
        "FROM flights_2013 LIMIT 20",
    ]
    assert all(query.endswith("~") for query in queries)


def test_what_they_could_not_fetch_is_not_offered() -> None:
    assert explorers("http://localhost:8000", "penguins", "1.0.0", "penguins") == []
