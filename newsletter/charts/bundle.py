"""The JavaScript that draws charts in a browser: Vega, Vega-Lite and Vega-Embed, which
vl-convert-python carries. It is taken out of there in another process, as that
library brings a whole JavaScript engine along.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

FINGERPRINT = sha256(version("vl-convert-python").encode()).hexdigest()[:16]
SECONDS = 60
WRITE = "import sys, vl_convert; sys.stdout.write(vl_convert.javascript_bundle())"


def bundle(folder: Path) -> Path:
    """The file of it in ``folder``, made when it is first asked for, while others wait."""
    place = folder / f"vega-{FINGERPRINT}.js"
    if place.is_file():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return place if place.is_file() else _made(place)


def _made(place: Path) -> Path:
    folder = place.parent
    handle, name = tempfile.mkstemp(dir=folder, suffix=".js")
    try:
        with os.fdopen(handle, "wb") as target:
            subprocess.run(
                [sys.executable, "-c", WRITE],
                stdout=target,
                check=True,
                timeout=SECONDS,
                env={"PYTHONPATH": os.pathsep.join(sys.path)},
            )
        Path(name).replace(place)
    finally:
        Path(name).unlink(missing_ok=True)
    return place
