"""After a setback: how long to wait, and with how many connections to begin again.

Pure: a moment is a count of seconds, on a clock that only goes forward.
"""

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # seconds between two tries to connect


class BackOff:
    """One worker's patience with the other side."""

    def __init__(self, connections: int) -> None:
        self.connections = connections  # how many may be open at once now
        self.failures_in_row = 0  # connections in a row of which nothing became
        self._most = connections
        self._until = 0.0

    def remaining(self, now: float) -> float:
        """How many seconds are still to be waited; 0: none."""
        return max(0.0, self._until - now)

    def wait(self, seconds: float, now: float) -> None:
        """Wait at least so long."""
        self._until = max(self._until, now + seconds)

    def slow_down(self, seconds: float, now: float) -> None:
        """The other side says we are too fast: wait, then begin again with one connection."""
        self.connections = 1
        self.wait(seconds, now)

    def fail(self, now: float) -> None:
        """Nothing became of a connection: wait, longer each time in a row."""
        self.failures_in_row += 1
        self.wait(min(FIRST_WAIT * 2 ** (self.failures_in_row - 1), LONGEST_WAIT), now)

    def succeed(self, began: float) -> None:
        """Something became of a connection that began at ``began``: one more may be open, but
        where it is older than the last setback, it says nothing of what is right now."""
        self.failures_in_row = 0
        if began >= self._until:
            self.connections = min(self._most, self.connections + 1)
