"""Turns a Vega-Lite spec and rows into a picture, outside this process.

A spec is a small program (expressions, transforms): it runs in a child that
has no secret, writes no file, fetches nothing and is ended when it takes too
long. The child takes half a second to start and some milliseconds a chart, so
one is kept for all the charts of a process.
"""

import atexit
import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from newsletter.charts.png import LENGTH, size
from newsletter.charts.spec_rules import chart_problems
from newsletter.charts.theme import theme
from newsletter.errors import Invalid

MAX_ROWS = 400_000
MAX_BYTES = 40_000_000
SECONDS = 15.0  # of the processor
PATIENCE = 4  # times as long is waited, on a machine that does other things, too
MAX_PIXELS = 4_000 * 4_000
# The renderer would fetch an image that slipped through the rules: its proxy is a dead end.
NO_WAY_OUT = {"ALL_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}


class Artist:
    """Draws charts with one child process, started when first needed."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """``seconds`` is how much of the processor's time one drawing may take."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._owner = 0

    def png(
        self,
        spec: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        width_px: int = 600,
        scale: float = 2,
    ) -> bytes:
        """The chart as a PNG, ``scale`` pixels to one of its own. Raises Invalid.

        It is ``width_px`` wide unless the spec has another width or several views.
        """
        drawn = self._drawn(spec, rows, width_px, {"format": "png", "scale": scale})
        return _not_too_large(drawn)

    def svg(
        self, spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width_px: int = 600
    ) -> str:
        """The chart as an SVG document, as wide as its PNG. Raises Invalid."""
        return self._drawn(spec, rows, width_px, {"format": "svg"}).decode()

    def pictures(
        self, spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width_px: int = 600
    ) -> tuple[bytes, str]:
        """The chart as ``png``, not yet packed, and as ``svg``, drawn once. Raises Invalid."""
        drawn = self._drawn(spec, rows, width_px, {"format": "both", "scale": 2})
        length = int.from_bytes(drawn[:LENGTH])
        svg, png = drawn[LENGTH : LENGTH + length], drawn[LENGTH + length :]
        return _not_too_large(png), svg.decode()

    def close(self) -> None:
        """Ends the child."""
        with self._lock:
            self._end()

    def _drawn(
        self,
        spec: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        width_px: int,
        job: dict[str, Any],
    ) -> bytes:
        if problems := chart_problems(spec):
            raise Invalid(problems[0], {"chart": " ".join(problems)})
        if len(rows) > MAX_ROWS:
            raise Invalid(f"A chart draws {MAX_ROWS:,} rows at most: give it a sample.")
        full = _filled(spec, rows, width_px)
        job |= {"config": theme(spec), "seconds": self._seconds}
        body = json.dumps(full).encode()
        if len(body) > MAX_BYTES:
            raise Invalid("The rows are too long to chart: leave out columns that it does not use.")
        with self._lock:
            answer = self._ask(json.dumps(job).encode(), body)
        if answer[:1] == b"-":
            raise Invalid(f"The chart cannot be drawn: {_reason(answer[1:])}")
        return answer[1:]

    def _ask(self, *messages: bytes) -> bytes:
        connection = self._connected()
        try:
            for message in messages:
                connection.send_bytes(message)
            if connection.poll(PATIENCE * self._seconds):
                return connection.recv_bytes()
        except (EOFError, OSError) as error:
            if self._end() != -signal.SIGXCPU:
                raise Invalid(
                    "The chart needs more memory than it may have: plot fewer rows."
                ) from error
        self._end()
        raise Invalid(
            f"The chart takes more than {self._seconds:g} seconds to draw: plot fewer rows."
        )

    def _connected(self) -> Connection:
        if self._owner != os.getpid():
            # After a fork the child is the parent's: two must not talk to it at once.
            self._child = self._connection = None
        if self._connection is None:
            self._start()
        assert self._connection is not None  # noqa: S101
        return self._connection

    def _start(self) -> None:
        ours, theirs = Pipe()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "newsletter.charts.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": os.pathsep.join(sys.path), **NO_WAY_OUT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._connection, self._owner = ours, os.getpid()

    def _end(self) -> int | None:
        """Ends the child, if it has not ended; returns how it did."""
        ended = None
        if self._connection is not None:
            self._connection.close()
        if self._child is not None and self._owner == os.getpid():
            self._child.kill()  # which is nothing to one that a limit has ended
            ended = self._child.wait()
        self._child = self._connection = None
        return ended


_artist = Artist()
atexit.register(_artist.close)


def render_png(
    spec: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    width_px: int = 600,
    scale: float = 2,
) -> bytes:
    """The chart of ``rows`` as a PNG: see ``Artist.png``."""
    return _artist.png(spec, rows, width_px, scale)


def render(
    spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width_px: int = 600
) -> tuple[bytes, str]:
    """The chart of ``rows`` as a PNG and as an SVG document: see ``Artist.pictures``."""
    return _artist.pictures(spec, rows, width_px)


def _not_too_large(png: bytes) -> bytes:
    """Raises Invalid."""
    width, height = size(png)
    if width * height > MAX_PIXELS:
        raise Invalid("The chart is too large: draw fewer panels or rows.")
    return png


def _filled(
    spec: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], width_px: int
) -> dict[str, Any]:
    """``spec`` with its data. One view that names no width of its own is fitted into ours."""
    fitted: dict[str, Any] = {}
    if ("mark" in spec or "layer" in spec) and "width" not in spec:
        fitted = {"width": width_px, "autosize": {"type": "fit-x", "contains": "padding"}}
    return {**fitted, **spec, "data": {"values": [_plain_row(row) for row in rows]}}


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    """``value`` as JSON has it: what is not a number is null, a moment its ISO form."""
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def _reason(message: bytes) -> str:
    """What Vega said, without the stack below it."""
    errors = [line for line in message.decode(errors="replace").splitlines() if "Error:" in line]
    reason = errors[0].split("Error:", 1)[1].strip() if errors else ""
    return f"{reason[:200].rstrip('.') or 'it is not valid Vega-Lite'}."
