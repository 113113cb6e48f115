"""A clock as its own process: for each moment on standard input it looks once, and says
which issues it began.

    python clock_process.py < moments
"""

import sys
from datetime import datetime

from newsletter import jobs
from newsletter.installation import Installation
from newsletter.settings import Settings

installation = Installation.open(Settings.load())
print("ready", flush=True)
for line in sys.stdin:
    begun = jobs.publish_due_issues(installation, datetime.fromisoformat(line.strip()))
    print(*begun, flush=True)
