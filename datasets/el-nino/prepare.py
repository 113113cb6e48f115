# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "statsmodels==0.15.0"]
# ///
"""Write data/temperatures.csv: the twelve month columns of the source, turned into rows."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("statsmodels").locate_file("statsmodels/datasets/elnino/elnino.csv")
DATA = Path(__file__).parent / "data"

TIDY = """
    WITH long AS (UNPIVOT source ON * EXCLUDE year INTO NAME abbreviation VALUE sst),
    dated AS (
        SELECT strptime(year || abbreviation || '01', '%Y%b%d')::DATE AS date, sst FROM long
    )
    SELECT date, year(date) AS year, month(date) AS month, sst FROM dated ORDER BY date
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    # Read as text, so that every figure is written back digit for digit.
    source = duckdb.read_csv(str(SOURCE), all_varchar=True)
    source.query("source", TIDY).write_csv(str(DATA / "temperatures.csv"))
