import csv
from pathlib import Path

from tests.cli.conftest import Shell


def test_those_who_have_agreed_are_active_at_once(empty: Shell) -> None:
    assert "2 added" in empty.done("subscriber", "import", "people.csv", "--confirmed")
    assert empty.read("subscriber", "show", "ada@example.org")["status"] == "active"


def test_the_others_are_asked_first(empty: Shell) -> None:
    empty.done("subscriber", "import", "people.csv")
    assert empty.read("subscriber", "show", "ada@example.org")["status"] == "pending"
    empty.done("worker", "--once")
    assert len(empty.outbox) == 2
    assert all(b"/confirm/" in mail.read_bytes() for mail in empty.outbox)


def test_importing_again_changes_nothing(shell: Shell) -> None:
    assert "0 added, 2 known already" in shell.done("subscriber", "import", "people.csv")


def test_what_is_refused_is_named_by_its_line(empty: Shell) -> None:
    Path("people.csv").write_text("email\nada@example.org\nnobody\n")
    said = empty.done("subscriber", "import", "people.csv", "--confirmed")
    assert "1 added" in said
    assert "Line 3: " in said


def test_a_file_without_addresses_is_refused(shell: Shell) -> None:
    assert "email" in shell.refused("subscriber", "import", "rain.csv")
    tasks = shell.read("task", "list")
    assert [task["state"] for task in tasks] == ["done", "done"]  # of the home


def test_a_file_that_is_not_there_is_wrong_usage(shell: Shell) -> None:
    assert shell("subscriber", "import", "nowhere.csv").exit_code == 2


def test_an_export_can_be_brought_in_elsewhere(shell: Shell, tmp_path: Path) -> None:
    shell.done("subscriber", "export", "out.csv")
    with Path("out.csv").open() as file:
        assert [row["email"] for row in csv.DictReader(file)] == [
            "ada@example.org",
            "ben@example.org",
        ]
    other = Shell(tmp_path / "other")
    assert "2 added" in other.done("subscriber", "import", "out.csv", "--confirmed")


def test_both_are_left_to_a_worker_where_that_is_asked_for(empty: Shell) -> None:
    promise = empty.done("subscriber", "import", "people.csv", "--confirmed", "--background")
    assert promise == "Task 1: `newsletter task watch 1` shows how far it is.\n"
    empty.done("worker", "--once")
    task = empty.read("task", "show", "1")
    assert (task["done"], task["result"]["added"]) == (2, 2)
    empty.done("subscriber", "export", "out.csv", "--background")
    assert not Path("out.csv").exists()
    empty.done("worker", "--once")
    assert "ada@example.org" in Path("out.csv").read_text()


def test_an_export_is_its_owners_alone(shell: Shell) -> None:
    shell.done("subscriber", "export", "out.csv")
    assert Path("out.csv").stat().st_mode & 0o777 == 0o600
    assert "ada@example.org" in shell.done("subscriber", "export", "-")
    assert "no screen" in shell("subscriber", "export", "-", "--background").stderr
    assert "cannot be written" in shell.refused("subscriber", "export", "nowhere/out.csv")


def test_nothing_is_left_of_the_files(shell: Shell) -> None:
    shell.done("subscriber", "import", "people.csv")
    Path("latin.csv").write_bytes(b"email,name\nzoe@example.org,Zo\xeb\n")
    assert "UTF-8" in shell.refused("subscriber", "import", "latin.csv")
    assert list((shell.folder / "instance" / "storage").rglob("*.task")) == []


def test_showing_a_person_tells_all_that_is_kept(shell: Shell) -> None:
    found = shell.read("subscriber", "show", "Ada@example.org")
    assert found["name"] == "Ada"
    assert found["consents"][0]["form"] == "import"
    said = shell.done("subscriber", "show", "ada@example.org")
    assert "status        active" in said
    assert "import: Brought in from another list" in said


def test_erasing_is_asked_for_first(shell: Shell) -> None:
    assert shell("subscriber", "erase", "ada@example.org", typed="n\n").exit_code == 1
    shell.done("subscriber", "show", "ada@example.org")


def test_who_is_erased_does_not_come_back_by_an_import(shell: Shell) -> None:
    shell.done("subscriber", "erase", "ada@example.org", "--yes")
    assert "no subscriber" in shell.refused("subscriber", "show", "ada@example.org")
    said = shell.done("subscriber", "import", "people.csv", "--confirmed")
    assert "0 added, 1 known already, 1 never to be mailed" in said


def test_nobody_who_is_not_there_is_erased(shell: Shell) -> None:
    assert "no subscriber" in shell.refused("subscriber", "erase", "eve@example.org", "--yes")


def test_one_who_writes_is_helped_by_a_command(empty: Shell) -> None:
    empty.done("subscriber", "import", "people.csv")
    empty.done("subscriber", "resend", "ada@example.org")
    empty.done("worker", "--once")
    assert len(empty.outbox) == 3
    empty.done("subscriber", "confirm", "ada@example.org", "--yes")
    shown = empty.read("subscriber", "show", "ada@example.org")
    assert shown["status"] == "active"
    assert shown["consents"][-1]["form"] == "curator"
    assert "confirmed already" in empty.refused("subscriber", "resend", "ada@example.org")
    empty.done("subscriber", "erase", "ada@example.org", "--yes")
    assert "0 added" in empty.done("subscriber", "import", "people.csv")
    empty.done("subscriber", "lift", "ada@example.org", "--yes")
    assert "Nothing keeps" in empty.refused("subscriber", "lift", "ada@example.org", "--yes")
    assert "1 added" in empty.done("subscriber", "import", "people.csv")


def test_whoever_helps_says_that_it_was_asked_for(empty: Shell) -> None:
    empty.done("subscriber", "import", "people.csv")
    for command in ("lift", "confirm"):
        assert empty("subscriber", command, "ada@example.org", typed="n\n").exit_code == 1
    assert empty.read("subscriber", "show", "ada@example.org")["status"] == "pending"
