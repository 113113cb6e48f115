# /// script
# requires-python = ">=3.11"
# dependencies = ["duckdb==2.0.0", "statsmodels==0.15.0"]
# ///
"""Write data/co2.csv: one row for every Saturday, with or without a measurement.

The package holds the series twice: co2.csv is complete in its weeks, and the original
maunaloa_c.dat says from how many days each average was taken. They are joined on the date.
"""

from importlib.metadata import distribution
from pathlib import Path

import duckdb

FOLDER = Path(distribution("statsmodels").locate_file("statsmodels/datasets/co2"))
DATA = Path(__file__).parent / "data"

TIDY = r"""
    WITH original AS (
        SELECT regexp_extract(line, '^MLO\s+(\d{6})\s+(\d)', ['yymmdd', 'days']) AS found
        FROM lines
        WHERE line LIKE 'MLO %'
    )
    SELECT strptime(week.date, '%Y%m%d')::DATE AS date, week.co2, original.found.days AS days
    FROM week
    LEFT JOIN original ON week.date = '19' || original.found.yymmdd
        OR week.date = '20' || original.found.yymmdd
    ORDER BY 1
"""

if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    database = duckdb.connect()
    week = database.read_csv(str(FOLDER / "co2.csv"), all_varchar=True)
    lines = database.read_csv(
        str(FOLDER / "src" / "maunaloa_c.dat"),
        columns={"line": "VARCHAR"},
        delimiter="\0",
        quotechar="",
        header=False,
    )
    database.sql(TIDY).write_csv(str(DATA / "co2.csv"))
