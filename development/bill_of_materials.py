"""The software bill of materials beside a wheel: ``python -m development.bill_of_materials DIST``.

It names what requirements.txt installs, with versions and hashes, in CycloneDX 1.6.
"""

import json
import subprocess
import sys
from pathlib import Path

import click

from newsletter import __version__

ROOT = Path(__file__).parents[1]
NAME = "dataset-daily"


def main(folder: Path) -> Path:
    """Write it into ``folder``; the file."""
    ended = subprocess.run(
        [
            sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements",
            "requirements.txt", "--pyproject=pyproject.toml", "--spec-version=1.6",
            "--output-reproducible",
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )  # fmt: skip
    bill = json.loads(ended.stdout)
    # The version is not in pyproject.toml, where the tool looks for it.
    bill["metadata"]["component"] |= {
        "version": __version__,
        "purl": f"pkg:pypi/{NAME}@{__version__}",
    }
    file = folder / f"{NAME}-{__version__}.cdx.json"
    file.write_text(json.dumps(bill, indent=2))
    return file


if __name__ == "__main__":
    click.echo(main(Path(sys.argv[1])))
