import re

from newsletter.curators import accounts
from newsletter.db import Database
from newsletter.models.curator import Role
from tests.cli.conftest import Shell


def _role_and_password(shell: Shell, address: str, password: str) -> tuple[Role, bool]:
    db = Database(f"sqlite:///{shell.folder}/instance/newsletter.db")
    with db.read() as session:
        found = accounts.find(session, address)
        assert found is not None
        answer = found.role, accounts.matches(found.password_hash, password)
    db.close()
    return answer


def test_the_first_is_an_owner_and_gets_a_password(empty: Shell) -> None:
    said = empty.done("curator", "add", "me@example.org")
    made = re.search(r"Password: (\S+)", said)
    assert made is not None
    assert _role_and_password(empty, "me@example.org", made[1]) == (Role.OWNER, True)
    assert "https://news.example.org/admin/" in said


def test_the_next_is_a_curator(shell: Shell) -> None:
    shell.done("curator", "add", "you@example.org", "--password", "a long password")
    assert _role_and_password(shell, "you@example.org", "a long password") == (Role.CURATOR, True)


def test_a_role_may_be_named(shell: Shell) -> None:
    shell.done("curator", "add", "you@example.org", "--role", "owner", "--password", "long enough!")
    assert _role_and_password(shell, "you@example.org", "")[0] is Role.OWNER


def test_a_given_password_is_not_printed(shell: Shell) -> None:
    said = shell.done("curator", "add", "you@example.org", "--password", "a long password")
    assert "a long password" not in said


def test_it_refuses_who_is_one_already(shell: Shell) -> None:
    assert "already" in shell.refused("curator", "add", "Owner@Example.org")


def test_it_refuses_a_short_password(shell: Shell) -> None:
    said = shell.refused("curator", "add", "you@example.org", "--password", "short")
    assert "12 characters" in said


def test_it_refuses_what_is_no_address(shell: Shell) -> None:
    assert "address" in shell.refused("curator", "add", "nobody")


def test_an_unknown_role_is_wrong_usage(shell: Shell) -> None:
    assert shell("curator", "add", "you@example.org", "--role", "king").exit_code == 2
