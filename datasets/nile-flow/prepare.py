# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "statsmodels==0.15.0"]
# ///
"""Write data/nile.csv: one row a year, 1871 to 1970."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("statsmodels").locate_file("statsmodels/datasets/nile/nile.csv")
DATA = Path(__file__).parent / "data"

TIDY = """
    SELECT year, volume AS flow
    FROM source
    ORDER BY year::INTEGER
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    source = duckdb.read_csv(str(SOURCE), all_varchar=True)
    source.query("source", TIDY).write_csv(str(DATA / "nile.csv"))
