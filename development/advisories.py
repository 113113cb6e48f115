"""Whether what the lock names has a known vulnerability: ``python -m development.advisories``.

pip-audit asks the public advisory data of osv.dev, once a day for a lock that did not change.
Where that cannot be reached, a line says so, and nothing fails for it.
"""

import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

LOCK = Path(__file__).parents[1] / "requirements-test.txt"  # has all of requirements.txt, too
STAMP = Path(sys.prefix) / ".advisories"
OSV = "https://api.osv.dev/v1/query"
SECONDS = 5


def main(lock: Path = LOCK, stamp: Path = STAMP, osv: str = OSV) -> int:
    """The exit code: 1 if there is one."""
    today = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {datetime.now(UTC):%Y-%m-%d}"
    if stamp.exists() and stamp.read_text() == today:
        return 0
    ended = subprocess.run(
        [
            sys.executable, "-m", "pip_audit", "--require-hashes", "--disable-pip",
            f"--requirement={lock}", "--vulnerability-service=osv", f"--osv-url={osv}",
            f"--timeout={SECONDS}", "--progress-spinner=off", "--format=json",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    try:
        packages: list[dict[str, Any]] = json.loads(ended.stdout)["dependencies"]
    except ValueError:
        reason = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        click.echo(f"Advisories: not compared, as {osv} was not reached ({reason[:160]}).")
        return 0
    known = [(package, advisory) for package in packages for advisory in package.get("vulns", ())]
    for package, advisory in known:
        fixed = ", ".join(advisory["fix_versions"]) or "no version yet"
        names = ", ".join([advisory["id"], *advisory.get("aliases", ())])
        click.echo(f"{package['name']} {package['version']}: {names}; fixed in {fixed}.")
    if known:
        click.echo("Raise them in pyproject.toml, then `make lock`.")
        return 1
    click.echo(f"Advisories: none is known of {len(packages)} packages.")
    stamp.write_text(today)
    return 0


if __name__ == "__main__":
    sys.exit(main())
