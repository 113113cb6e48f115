# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "palmerpenguins==0.1.6"]
# ///
"""Write data/penguins.csv: one row a bird, in the order and spelling of the package."""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

SOURCE = distribution("palmerpenguins").locate_file("palmerpenguins/data/penguins.csv")
DATA = Path(__file__).parent / "data"

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    # Read as text, so that every figure is written back digit for digit.
    birds = duckdb.read_csv(str(SOURCE), all_varchar=True, na_values=["NA"])
    birds.write_csv(str(DATA / "penguins.csv"))
