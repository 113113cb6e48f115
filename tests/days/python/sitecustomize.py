"""Each Python that starts with this folder in its path shows another time: see tests.days."""

import os
from datetime import UTC, datetime, timedelta

import time_machine

time_machine.travel(
    datetime.now(UTC) + timedelta(seconds=int(os.environ["CLOCK_AHEAD"])), tick=True
).start()
