# /// script
# requires-python = ">=3.11"
# dependencies = ["airportsdata==20260905", "duckdb==2.0.0"]
# ///
"""Write data/airports.csv: the airports that have an IATA code, by that code."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("airportsdata").locate_file("airportsdata/airports.csv")
DATA = Path(__file__).parent / "data"

TIDY = """
    SELECT iata, icao, name, city, subd AS subdivision, country, elevation, lat, lon, tz
    FROM source
    WHERE iata IS NOT NULL
    ORDER BY iata
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    # Read as text: Namibia stays NA, and no coordinate gains or loses a digit.
    source = duckdb.read_csv(str(SOURCE), all_varchar=True, na_values=[""])
    source.query("source", TIDY).write_csv(str(DATA / "airports.csv"))
