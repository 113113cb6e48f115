"""A supervisor of small Python programs, to be signalled: GRACE and a JSON object of them."""

import json
import sys

from newsletter.engine.supervisor import Supervisor

grace, programs = float(sys.argv[1]), json.loads(sys.argv[2])
Supervisor(
    {name: (sys.executable, "-u", "-c", code) for name, code in programs.items()}, grace
).run()
