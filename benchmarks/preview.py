"""Looking through a table of a million rows and eight columns, as readers of a page do.

Of a hundred questions 30 are the next page of the file, 25 sort by a column, 25
filter by one or two (half of them sorted, on any of the first pages) and 20 look
for a word in all columns; no two are the same. The first of all, for which the
table is brought into memory, is told by itself.
"""

import argparse
import random
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from bench import finish

from newsletter.tables.querying import execute
from newsletter.tables.querying.table_cache import Shelf
from newsletter.tables.querying.table_query import Question, asked

ROWS = 1_000_000
COLUMNS = [
    ("id", "integer"),
    ("amount", "number"),
    ("score", "integer"),
    ("region", "string"),
    ("name", "string"),
    ("day", "date"),
    ("paid", "boolean"),
    ("temperature", "number"),
]
TABLE = """
    SELECT i AS id, random() * 1000 AS amount, (random() * 100)::INT AS score,
        ['north', 'south', 'east', 'west', 'centre'][1 + (random() * 4)::INT] AS region,
        'customer ' || md5(i::VARCHAR) AS name, DATE '2000-01-01' + (random() * 9000)::INT AS day,
        random() < 0.3 AS paid, CASE WHEN random() < 0.9 THEN random() * 50 END AS temperature
    FROM range({rows}) AS t(i)
"""
KINDS = ["page"] * 30 + ["sort"] * 25 + ["filter"] * 25 + ["search"] * 20
Asked = tuple[str, Question, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--questions", type=int, default=400)
    options = parser.parse_args()
    finish(**measured(options.rows, options.questions))


def measured(rows: int = ROWS, questions: int = 400) -> dict[str, float]:
    """``preview_p95_ms`` and what it is made of, all in milliseconds."""
    with TemporaryDirectory(prefix="preview-") as folder:
        file = Path(folder, "table.parquet")
        with duckdb.connect() as connection:
            connection.execute("SELECT setseed(0.5)")
            connection.execute(
                f"COPY ({TABLE.format(rows=rows)}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
            )
        shelf = Shelf(Path(folder), seconds=60)
        first = _milliseconds(shelf, file, ("sort", asked([("_sort", "id")], COLUMNS), 0))
        times: dict[str, list[float]] = {kind: [] for kind in dict.fromkeys(KINDS)}
        for each in _questions(random.Random(1), rows, questions):
            times[each[0]].append(_milliseconds(shelf, file, each))
        shelf.close()
    everything = [taken for of_kind in times.values() for taken in of_kind]
    for kind, of_kind in times.items():
        print(
            f"{kind:>8}: median {statistics.median(of_kind):6.1f} ms, p95 {_p95(of_kind):6.1f} ms"
        )
    return {
        "preview_p95_ms": _p95(everything),
        "preview_median_ms": statistics.median(everything),
        "preview_first_ms": first,
    }


def _milliseconds(shelf: Shelf, file: Path, each: Asked) -> float:
    _, question, offset = each
    began = time.perf_counter()
    execute.page(shelf, file, COLUMNS, question, offset)
    return (time.perf_counter() - began) * 1000


def _questions(chance: random.Random, rows: int, count: int) -> list[Asked]:
    kinds = (KINDS * (count // len(KINDS) + 1))[:count]
    chance.shuffle(kinds)
    return [_question(chance, kind, rows) for kind in kinds]


def _question(chance: random.Random, kind: str, rows: int) -> Asked:
    sort = [(chance.choice(["_sort", "_sort_desc"]), chance.choice(COLUMNS)[0])]
    page = execute.LIMIT * int(chance.expovariate(0.5))
    match kind:
        case "page":
            return kind, Question(), chance.randrange(0, rows, execute.LIMIT)
        case "sort":
            return kind, asked(sort, COLUMNS), page
        case "filter":
            filters = chance.sample(
                [
                    ("amount__gte", f"{chance.uniform(0, 999):.3f}"),
                    ("score__exact", str(chance.randrange(100))),
                    ("region__exact", chance.choice(["north", "south", "east", "west"])),
                    ("day__lte", f"20{chance.randrange(10, 24)}-06-{chance.randrange(10, 30)}"),
                    ("temperature__isblank", "1"),
                ],
                k=chance.choice([1, 2]),
            )
            return kind, asked(filters + sort * chance.randrange(2), COLUMNS), page
    return kind, asked([("_search", f"{chance.randrange(16**4):04x}")], COLUMNS), page


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[18]


if __name__ == "__main__":
    main()
