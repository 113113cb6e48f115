"""Reading a million rows of CSV, with all that is told of them.

The table is read as an upload is: in a child process with limits, into Parquet with the
whole profile, and once more into everything: CSV and JSON too, and their hashes. Beside
it, in turns, what DuckDB needs on as many threads for the Parquet file and SUMMARIZE
alone, and ``frictionless describe --stats``, which computes no statistics of columns; the
ratios are of the Parquet file with the profile. Then questions are asked of such a table, as
readers of its page do (see preview.py).
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import preview
from bench import finish, in_turns, timed

from newsletter.tables.ingest import IngestOptions, ingest, request_for, run_parser
from newsletter.tables.reading.worker import THREADS

ROWS = 1_000_000
BARE = """
import duckdb, sys
csv, parquet, threads = sys.argv[1:]
with duckdb.connect(config={"threads": threads}) as connection:
    compressed = "(FORMAT parquet, COMPRESSION zstd)"
    connection.execute(f"COPY (FROM read_csv('{csv}')) TO '{parquet}' {compressed}")
    connection.execute(f"SUMMARIZE FROM '{parquet}'").fetchall()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with TemporaryDirectory(prefix="ingest-") as name:
        folder = Path(name)
        source = made(folder / "table.csv", options.rows)
        work = folder / "work"
        work.mkdir()
        print(f"{options.rows:,} rows, {source.stat().st_size / 1e6:.0f} MB, {THREADS} threads")
        ours = timed(lambda: ingest(source, work))  # alone, so that the peak is its child's
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"the first time {ours:.1f} s, {peak:.0f} MB at most")
        rates = in_turns(
            options.rounds,
            ours=lambda: options.rows / timed(lambda: to_parquet(source)),
            everything=lambda: options.rows / timed(lambda: ingest(source, work)),
            duckdb=lambda: options.rows / timed(lambda: bare(source, folder / "bare.parquet")),
            frictionless=lambda: options.rows / timed(lambda: describe(source)),
        )
    finish(
        everything_duckdb_ratio=rates["duckdb"] / rates["everything"],
        everything_frictionless_ratio=rates["everything"] / rates["frictionless"],
        duckdb_ratio=rates["duckdb"] / rates["ours"],
        frictionless_ratio=rates["ours"] / rates["frictionless"],
        peak_rss_mb=peak,
        preview_p95_ms=preview.measured(options.rows)["preview_p95_ms"],
    )


def made(file: Path, rows: int) -> Path:
    """A table of eight columns of most types, some of them missing here and there."""
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        connection.execute(f"COPY ({preview.TABLE.format(rows=rows)}) TO '{file}' (FORMAT csv)")
    return file


def to_parquet(source: Path) -> None:
    """As ``ingest``, but for the CSV and JSON files and for hashing what was written."""
    options = IngestOptions()
    with TemporaryDirectory(prefix="ingest-") as name:
        folder = Path(name).resolve()
        request = request_for(source, folder, options, formats=("parquet",))
        run_parser(request, folder, options.limits)


def bare(source: Path, parquet: Path) -> None:
    """DuckDB alone, in a process of its own as well."""
    subprocess.run(
        [sys.executable, "-c", BARE, str(source), str(parquet), str(THREADS)], check=True
    )


def describe(source: Path) -> None:
    program = Path(sys.executable).with_name("frictionless")
    command = [str(program), "describe", "--stats", "--json", source.name]
    subprocess.run(command, cwd=source.parent, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
