"""The whole sender, its ledger included, against Postfix's load generator.

20,000 recipients of a real issue, to smtp-sink on loopback; smtp-source sends
as many messages of the same size to the same sink, in turns in one run. Beside
them plain smtplib, which builds an EmailMessage for each recipient.
"""

import argparse
import smtplib
import subprocess
from email import message_from_bytes, policy
from email.message import EmailMessage

from bench import (
    fill,
    finish,
    freeze,
    in_turns,
    installation,
    message,
    postfix,
    postgres,
    send,
    sink,
    timed,
)
from cpu import CpuMeter, of_finished_children, of_server, of_this_process

CONNECTIONS = 32
PLAIN = 500  # messages of the slow way


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--octets", type=int, help="cut the issue to about so many")
    options = parser.parse_args()
    with (
        sink() as port,
        postgres() as url,
        installation(None, f"smtp://127.0.0.1:{port}", CONNECTIONS) as on_sqlite,
        installation(url, f"smtp://127.0.0.1:{port}", CONNECTIONS) as on_postgres,
    ):
        for opened in (on_sqlite, on_postgres):
            fill(opened, options.readers)
            freeze(opened, options.octets)
        sample = message(on_sqlite)
        ours, theirs = CpuMeter(of_this_process), CpuMeter(of_finished_children)
        on_postgres_ours, server = CpuMeter(of_this_process), CpuMeter(of_server(on_postgres.db))
        print(f"{options.readers:,} recipients, {len(sample):,} bytes a message")
        rates = in_turns(
            options.rounds,
            source=lambda: source(port, options.readers, len(sample), theirs),
            sqlite=lambda: send(on_sqlite, options.readers, options.octets, [ours]),
            postgres=lambda: send(
                on_postgres, options.readers, options.octets, [on_postgres_ours, server]
            ),
            smtplib=lambda: plain(port, sample),
        )
    slower = min(rates["sqlite"], rates["postgres"])
    finish(
        sqlite_ratio=rates["sqlite"] / rates["source"],
        postgres_ratio=rates["postgres"] / rates["source"],
        smtplib_ratio=slower / rates["smtplib"],
        sqlite_cpu_us=ours.median,
        postgres_cpu_us=on_postgres_ours.median + server.median,
        postgres_server_cpu_us=server.median,
        source_cpu_us=theirs.median,
    )


def source(port: int, count: int, size: int, meter: CpuMeter) -> float:
    """Messages a second of smtp-source with 16 sessions that are kept open."""
    command = [postfix("smtp-source"), "-s", "16", "-d", "-m", str(count), "-l", str(size)]
    with meter.counting(count):
        return count / timed(lambda: subprocess.run([*command, f"127.0.0.1:{port}"], check=True))


def plain(port: int, sample: bytes) -> float:
    """Messages a second of smtplib, an EmailMessage built for each, on one connection."""
    model = message_from_bytes(sample, _class=EmailMessage, policy=policy.default)
    text, html = model.get_body(("plain",)), model.get_body(("html",))
    assert text is not None
    assert html is not None
    words, page = text.get_content(), html.get_content()

    def run() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            for number in range(PLAIN):
                mail = EmailMessage()
                mail["From"], mail["Subject"] = str(model["From"]), str(model["Subject"])
                mail["To"] = f"reader{number}@example.org"
                mail.set_content(words)
                mail.add_alternative(page, subtype="html")
                server.send_message(mail)

    return PLAIN / timed(run)


if __name__ == "__main__":
    main()
