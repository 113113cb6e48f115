"""Draws charts in a process of its own: ``python -m newsletter.charts.worker FD``.

Reads jobs from the connection at the file descriptor FD and answers each with
``b"+"`` and the drawing, or ``b"-"`` and what went wrong. A job is two messages
of JSON: ``{"format": "png" | "svg" | "both", "config", "scale", "seconds"}``, then the
spec with its rows. Ends with the connection.
"""

import json
import math
import resource
import sys
from multiprocessing.connection import Connection
from typing import Any

import vl_convert

from newsletter.charts.png import LENGTH, packed

# Of writable memory, of which V8 sets 600 MB aside: a drawing has 650 MB. Its addresses cannot be
# limited, as V8 reserves 64 GB of them.
DATA_BYTES = 1250 * 1024**2
# No data, image or font is fetched; what the drawing refers to must be in the spec.
NOWHERE: list[str] = []


def main() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    connection = Connection(int(sys.argv[1]))
    while True:
        try:
            job = json.loads(connection.recv_bytes())
            spec = connection.recv_bytes().decode()
        except EOFError:
            return
        _allow(job["seconds"])
        connection.send_bytes(_answer(job, spec))


def _answer(job: dict[str, Any], spec: str) -> bytes:
    try:
        return b"+" + _draw(job, spec)
    except ValueError as error:
        return b"-" + str(error).encode()


def _draw(job: dict[str, Any], spec: str) -> bytes:
    svg = vl_convert.vegalite_to_svg(spec, config=job["config"], allowed_base_urls=NOWHERE)
    drawn = svg.encode()
    if job["format"] == "svg":
        return drawn
    png = vl_convert.svg_to_png(svg, scale=job["scale"])
    if job["format"] == "png":
        return packed(png)
    return len(drawn).to_bytes(LENGTH) + drawn + png


def _allow(seconds: float) -> None:
    """Grants so much more processor time, all threads together: a drawing without end stops
    even if no one waits, and one on a busy machine has as much as on an idle one."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    granted = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (granted, hard))


if __name__ == "__main__":
    main()
