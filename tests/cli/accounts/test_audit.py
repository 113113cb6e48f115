"""The audit log at the command line."""

import csv
import json

from newsletter.db import Database
from tests.cli.conftest import Shell


def test_what_a_command_changes_is_in_it(shell: Shell) -> None:
    shell.done("issue", "plan", "--date", "2026-11-23", "--dataset", "kenya-rain")
    shell.done("subscriber", "erase", "ada@example.org", "--yes")
    erased, planned, *_ = shell.read("audit", "list")
    assert planned["action"] == "issue plan"
    assert planned["origin"].startswith("command line of ")
    assert planned["changes"][0]["which"] == "monday 2026-11-23"
    assert (erased["action"], erased["target"]) == ("subscriber erase", "")
    assert "ada@example.org" not in json.dumps(erased)


def test_a_task_of_a_command_is_in_it_once(shell: Shell) -> None:
    people = [f"reader{n}@example.org,Reader" for n in range(150)]
    (shell.folder / "more.csv").write_text("\n".join(["email,name", *people]))
    before = len(shell.read("audit", "list"))
    shell.done("subscriber", "import", "more.csv", "--confirmed")
    entries = shell.read("audit", "list")
    assert len(entries) == before + 1
    assert (entries[0]["action"], entries[0]["target"]) == ("subscriber import", "more.csv")
    assert "reader" not in json.dumps(entries[0]["changes"])


def test_a_command_that_reads_leaves_nothing(shell: Shell) -> None:
    before = shell.read("audit", "list")
    shell.done("dataset", "list")
    shell.done("subscriber", "show", "ada@example.org")
    assert shell.read("audit", "list") == before


def test_the_list_is_narrowed(shell: Shell) -> None:
    shell.done("issue", "plan", "--date", "2026-11-23", "--dataset", "kenya-rain")
    assert [e["action"] for e in shell.read("audit", "list", "--words", "PLAN")] == ["issue plan"]
    assert shell.read("audit", "list", "--who", "nobody@example.org") == []
    assert len(shell.read("audit", "list", "--limit", "1")) == 1
    assert "issue plan" in shell.done("audit", "list")


def test_it_is_exported_in_both_formats(shell: Shell) -> None:
    shell.done("audit", "export", "log.csv", "--format", "csv")
    rows = list(csv.DictReader((shell.folder / "log.csv").read_text().splitlines()))
    lines = [json.loads(line) for line in shell.done("audit", "export").splitlines()]
    assert [row["hash"] for row in rows] == [line["hash"] for line in lines]
    assert len(lines) > 1


def test_it_is_verified_and_what_was_altered_is_named(shell: Shell) -> None:
    verdict = shell.read("audit", "verify")
    assert verdict["problem"] == ""
    assert f"{verdict['entries']} entries, none altered" in shell.done("audit", "verify")
    shell.done("audit", "verify", "--expect", verdict["head"])
    assert "was cut off" in shell.refused("audit", "verify", "--expect", "f" * 32)
    db = Database(f"sqlite:///{shell.folder}/instance/newsletter.db")
    with db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER audit_entry_no_update")
        connection.exec_driver_sql("UPDATE audit_entry SET who = 'nobody' WHERE number = 2")
    db.close()
    assert "Entry 2 was altered" in shell.refused("audit", "verify")
