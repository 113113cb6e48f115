# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "statsmodels==0.15.0"]
# ///
"""Write data/sunspots.csv: one row a year, 1700 to 2008."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("statsmodels").locate_file("statsmodels/datasets/sunspots/sunspots.csv")
DATA = Path(__file__).parent / "data"

TIDY = """
    SELECT year AS year, sunactivity AS sunspot_number
    FROM source
    ORDER BY year::INTEGER
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    # Read as text, so that every figure is written back digit for digit.
    source = duckdb.read_csv(str(SOURCE), all_varchar=True)
    source.query("source", TIDY).write_csv(str(DATA / "sunspots.csv"))
