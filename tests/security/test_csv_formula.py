"""Row "CSV formula": what is exported runs in no spreadsheet."""

import csv
import os
import subprocess
import sys
from pathlib import Path

from newsletter.installation import Installation
from newsletter.models.subscriber import Status
from tests import factories

SIGNS = "=+-@\t\r"
FORMULA = "cmd|' /C calc'!A0"
LOCAL_PARTS = ["=1+1", "+tag", "-dash"]


def test_no_cell_of_an_exported_list_begins_as_a_formula(
    installation: Installation, environ: dict[str, str], tmp_path: Path
) -> None:
    with installation.db.write() as session:
        for at, sign in enumerate(SIGNS):
            name = f"{sign}{FORMULA}"
            factories.subscriber(session, installation.signer, f"r{at}@example.org", name=name)
        for local in LOCAL_PARTS:
            factories.subscriber(
                session, installation.signer, f"{local}@example.org", Status.UNSUBSCRIBED
            )
    file = tmp_path / "list.csv"
    subprocess.run(
        [sys.executable, "-m", "newsletter", "subscriber", "export", str(file)],
        env=environ | {"PATH": os.environ["PATH"]},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with file.open(encoding="utf-8", newline="") as lines:
        _, *rows = csv.reader(lines)
    assert len(rows) == len(SIGNS) + len(LOCAL_PARTS)
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(tuple(SIGNS))] == []
    assert cells.count(f"'={FORMULA}") == 1
    assert {f"'{local}@example.org" for local in LOCAL_PARTS} <= set(cells)
