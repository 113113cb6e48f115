"""The whole sender to a server that is 50 ms away, against smtplib.

8 connections through a proxy that delays each byte by half a round trip, to
smtp-sink on loopback. One message a round trip and connection is the most
that can be had without trusting a server with a message before the one before
is recorded. Beside it smtplib, which waits for each reply, with 8 threads, a
connection each, and messages that are ready-made.
"""

import argparse
import smtplib
import statistics
from concurrent.futures import ThreadPoolExecutor

from bench import (
    fill,
    finish,
    freeze,
    in_turns,
    installation,
    message,
    postgres,
    send,
    sink,
    timed,
)
from proxy import far_away

CONNECTIONS = 8
ROUND_TRIP = 0.05  # seconds
PINGS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    # 25 s of sending, of which connecting and greeting are 0.2 s.
    parser.add_argument("--readers", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with (
        sink() as near,
        far_away(near, ROUND_TRIP) as port,
        postgres() as url,
        installation(None, f"smtp://127.0.0.1:{port}", CONNECTIONS) as on_sqlite,
        installation(url, f"smtp://127.0.0.1:{port}", CONNECTIONS) as on_postgres,
    ):
        for opened in (on_sqlite, on_postgres):
            fill(opened, options.readers)
            freeze(opened)
        sample = message(on_sqlite)
        print(
            f"{options.readers:,} recipients, {len(sample):,} bytes a message, {CONNECTIONS} "
            f"connections, a round trip of {1000 * round_trip(port):.1f} ms as measured"
        )
        rates = in_turns(
            options.rounds,
            sqlite=lambda: send(on_sqlite, options.readers),
            postgres=lambda: send(on_postgres, options.readers),
            smtplib=lambda: in_lock_step(port, sample, options.readers // 4),
        )
    slower = min(rates["sqlite"], rates["postgres"])
    finish(
        roundtrip_share=slower / (CONNECTIONS / ROUND_TRIP),
        smtplib_ratio=slower / rates["smtplib"],
    )


def round_trip(port: int) -> float:
    """How many seconds a command and its reply take, as a median."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        return statistics.median(timed(server.noop) for _ in range(PINGS))


def in_lock_step(port: int, content: bytes, count: int) -> float:
    """Messages a second of smtplib on as many connections."""
    each = count // CONNECTIONS

    def carry(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for reader in range(each):
                to = f"reader{number * each + reader}@example.org"
                server.sendmail("news@example.org", to, content)

    def run() -> None:
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            list(threads.map(carry, range(CONNECTIONS)))

    return each * CONNECTIONS / timed(run)


if __name__ == "__main__":
    main()
