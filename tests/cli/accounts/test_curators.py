"""Who may sign in, at the command line; no password is on it."""

import json
import re

import pyotp
import pytest

from newsletter import clock
from newsletter.cli.accounts.passwords import VARIABLE
from newsletter.curators import accounts, identities, logins, second_factor
from newsletter.curators.identity_provider import Identity
from newsletter.db import Database
from newsletter.models.curator import Role
from newsletter.tokens import Signer
from tests.cli.conftest import Shell

PASSWORD = "a long password"
OWNER = "owner@example.org"
SIGNER = Signer("a secret for the tests, 0123456789")


def database(shell: Shell) -> Database:
    return Database(f"sqlite:///{shell.folder}/instance/newsletter.db")


def _role_and_password(shell: Shell, address: str, password: str) -> tuple[Role, bool]:
    db = database(shell)
    with db.read() as session:
        curator = accounts.find(session, address)
        assert curator is not None
        answer = curator.role, accounts.matches(curator.password_hash, password)
    db.close()
    return answer


@pytest.fixture
def signed_in(shell: Shell) -> Shell:
    """The owner is signed in, with codes of an app."""
    db = database(shell)
    with db.write() as session:
        owner = accounts.find(session, OWNER)
        assert owner is not None
        now = clock.now()
        code = pyotp.TOTP(second_factor.secret_of(SIGNER, "salt")).at(now)
        second_factor.enable(session, SIGNER, owner.id, "salt", code, now)
        logins.open_session(session, owner.id, now)
    db.close()
    return shell


def test_the_first_is_an_owner_and_gets_a_password(empty: Shell) -> None:
    printed = empty.done("curator", "add", "me@example.org")
    made = re.search(r"Password: (\S+)", printed)
    assert made is not None
    assert _role_and_password(empty, "me@example.org", made[1]) == (Role.OWNER, True)
    assert "https://news.example.org/admin/" in printed


def test_the_next_is_a_sender(shell: Shell) -> None:
    shell.done("curator", "add", "you@example.org")
    assert _role_and_password(shell, "you@example.org", "")[0] is Role.SENDER


def test_a_role_may_be_named_and_changed(shell: Shell) -> None:
    shell.done("curator", "add", "you@example.org", "--role", "author")
    assert _role_and_password(shell, "you@example.org", "")[0] is Role.AUTHOR
    shell.done("curator", "role", "You@example.org", "editor")
    assert _role_and_password(shell, "you@example.org", "")[0] is Role.EDITOR
    assert "last owner" in shell.refused("curator", "role", OWNER, "editor")


@pytest.mark.parametrize("way", ["file", "standard input", "variable", "prompt"])
@pytest.mark.parametrize("command", ["add", "password"])
def test_a_password_comes_by_a_file_the_environment_or_a_prompt(
    shell: Shell, command: str, way: str
) -> None:
    (shell.folder / "secret").write_text(f"{PASSWORD}\nanother line\n")
    address = "you@example.org"
    if command == "password":
        shell.done("curator", "add", address)
    given, typed = {
        "file": (["--password-file", "secret"], None),
        "standard input": (["--password-file", "-"], f"{PASSWORD}\n"),
        "variable": ([], None),
        "prompt": (["--ask-password"], f"{PASSWORD}\n{PASSWORD}\n"),
    }[way]
    if way == "variable":
        shell.environ[VARIABLE] = PASSWORD
    result = shell("curator", command, address, *given, typed=typed)
    assert result.exit_code == 0, result.output
    assert PASSWORD not in result.output
    assert _role_and_password(shell, address, PASSWORD)[1]


@pytest.mark.parametrize("command", ["add", "password"])
def test_a_password_on_the_command_line_is_refused(shell: Shell, command: str) -> None:
    result = shell("curator", command, OWNER, "--password", "another long password")
    assert result.exit_code == 2
    assert "--password-file" in result.stderr
    assert "another long password" not in result.output
    assert _role_and_password(shell, OWNER, PASSWORD)[1]
    assert "--password " not in shell.done("curator", command, "--help")


def test_a_password_that_is_asked_for_is_typed_twice(shell: Shell) -> None:
    result = shell("curator", "password", OWNER, typed=f"{PASSWORD}!\n{PASSWORD}!\n")
    assert result.exit_code == 0, result.output
    assert _role_and_password(shell, OWNER, f"{PASSWORD}!")[1]


def test_setting_a_password_signs_out_everywhere(signed_in: Shell) -> None:
    (signed_in.folder / "secret").write_text("an entirely new password")
    signed_in.done("curator", "password", OWNER, "--password-file", "secret")
    assert signed_in.read("curator", "list")[0]["sessions"] == 0


def test_the_list_says_what_each_may_and_has(signed_in: Shell) -> None:
    (owner,) = signed_in.read("curator", "list")
    assert owner["address"] == OWNER
    assert (owner["role"], owner["second_factor"], owner["sessions"]) == ("owner", "app", 1)
    assert OWNER in signed_in.done("curator", "list")


def test_signing_somebody_out_ends_their_sessions(signed_in: Shell) -> None:
    signed_in.done("curator", "sign-out", OWNER)
    assert signed_in.read("curator", "list")[0]["sessions"] == 0


def test_who_is_locked_out_is_let_in_by_the_password_alone(signed_in: Shell) -> None:
    signed_in.done("curator", "second-factor-off", OWNER)
    assert signed_in.read("curator", "list")[0]["second_factor"] == "none"


def test_a_second_factor_is_required_and_no_longer(shell: Shell) -> None:
    for more, required in ((), True), (("--off",), False):
        shell.done("curator", "require-second-factor", *more)
        db = database(shell)
        with db.read() as session:
            assert second_factor.is_required(session) is required
        db.close()


def test_who_is_removed_is_gone_but_never_the_last_owner(shell: Shell) -> None:
    shell.done("curator", "add", "you@example.org")
    shell.done("curator", "remove", "you@example.org")
    assert [c["address"] for c in shell.read("curator", "list")] == [OWNER]
    assert "last owner" in shell.refused("curator", "remove", OWNER)


@pytest.mark.parametrize(
    "words", [("role", "x@example.org", "owner"), ("remove", "x@example.org"),
              ("sign-out", "x@example.org"), ("second-factor-off", "x@example.org")],
    ids=lambda words: words[0],
)  # fmt: skip
def test_who_is_no_curator_is_refused(shell: Shell, words: tuple[str, ...]) -> None:
    assert "is no curator" in shell.refused("curator", *words)


def test_it_refuses_who_is_one_already(shell: Shell) -> None:
    assert "already" in shell.refused("curator", "add", "Owner@Example.org")


def test_it_refuses_a_short_or_empty_password(shell: Shell) -> None:
    for content, sentence in (("short\n", "12 characters"), ("\n", "is empty")):
        (shell.folder / "secret").write_text(content)
        words = ("curator", "add", "you@example.org", "--password-file", "secret")
        assert sentence in shell.refused(*words)


def test_it_refuses_what_is_no_address(shell: Shell) -> None:
    assert "address" in shell.refused("curator", "add", "nobody")


def test_an_unknown_role_is_wrong_usage(shell: Shell) -> None:
    assert shell("curator", "add", "you@example.org", "--role", "king").exit_code == 2


def test_another_account_of_the_identity_provider_is_let_in(signed_in: Shell) -> None:
    refused = signed_in.refused("curator", "provider-off", OWNER)
    assert "No account of an identity provider is theirs." in refused
    db, now = database(signed_in), clock.now()
    with db.write() as session:
        identities.curator_of(session, Identity("https://id.example.org", "one", OWNER), now)
    assert json.loads(signed_in.done("curator", "list", "--json"))[0]["identity_provider"] == "yes"
    assert OWNER in signed_in.done("curator", "provider-off", OWNER)
    with db.write() as session:
        assert logins.sessions_of(session, 1, now) == []
        identities.curator_of(session, Identity("https://id.example.org", "two", OWNER), now)
    db.close()
