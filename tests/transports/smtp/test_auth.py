"""Saying who we are: by a password or a token, and only in a way that is offered."""

import base64
from pathlib import Path
from typing import Any

import pytest

from newsletter.transports.base import Unavailable, Verdict
from newsletter.transports.smtp.auth import Login
from tests.transports.feeds import ListFeed, envelope
from tests.transports.scripted import HANGS_UP, Answer, ScriptedServer, say
from tests.transports.talking import PIPELINED, carry

pytestmark = pytest.mark.usefixtures("each_loop")

TOKEN = "ya29.a-token_of/this+hour=="
# As Gmail says it, of a token that is too old or for something else.
CHALLENGE = base64.b64encode(
    b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'
).decode()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    return path


def offering(ways: str, *answers: Answer) -> ScriptedServer:
    return ScriptedServer({"AUTH": answers}, (*PIPELINED, ways))


def refused(server: ScriptedServer, **login: Any) -> Unavailable:
    feed = ListFeed([envelope(1)])
    with pytest.raises(Unavailable) as unavailable:
        carry(server, feed, **login)
    assert feed.taken == []
    assert server.said("MAIL") == []
    assert not any(secret in str(unavailable.value) for secret in ("hunter2", TOKEN))
    return unavailable.value


def decoded(line: str) -> bytes:
    return base64.b64decode(line.split(" ")[-1])


@pytest.mark.parametrize(
    ("offered", "heard"),
    [
        ("AUTH PLAIN LOGIN", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
        ("AUTH LOGIN", ["AUTH LOGIN", "dXM=", "aHVudGVyMg=="]),
        ("AUTH login plain", ["AUTH PLAIN AHVzAGh1bnRlcjI="]),
    ],
)
def test_it_says_who_we_are_in_a_way_that_is_offered(offered: str, heard: list[str]) -> None:
    server, feed = offering(offered), ListFeed([envelope(1)])
    carry(server, feed, user="us", password="hunter2")
    assert server.heard[1 : 1 + len(heard)] == heard
    assert base64.b64decode("AHVzAGh1bnRlcjI=") == b"\0us\0hunter2"
    assert feed.verdicts == {1: Verdict.SENT}


@pytest.mark.parametrize("offered", ["8BITMIME", "AUTH CRAM-MD5", "AUTH XOAUTH2"])
def test_a_password_is_not_said_where_no_way_for_it_is_offered(offered: str) -> None:
    server = offering(offered)
    error = refused(server, user="us", password="hunter2")
    assert "offers no login by PLAIN or LOGIN" in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED
    assert server.said("AUTH") == []


def test_a_wrong_password_is_said_in_one_sentence() -> None:
    server = offering("AUTH PLAIN", say("535 5.7.8 bad credentials"))
    error = refused(server, user="us", password="hunter2")
    assert str(error) == (
        f"127.0.0.1:{server.port} refused the login: check the user and the password in "
        "NEWSLETTER_MAIL_URL; it said 535 5.7.8 bad credentials."
    )
    assert error.outcome.verdict is Verdict.BLOCKED


def test_a_server_that_takes_no_login_now_is_asked_again_later() -> None:
    server = offering("AUTH LOGIN", say("454 4.7.0 the directory is away"))
    error = refused(server, user="us", password="hunter2")
    assert "at the moment" in str(error)
    assert error.outcome.verdict is Verdict.REQUEUED


# With an access token.


def test_a_token_logs_in_by_xoauth2(token_file: Path) -> None:
    server, feed = offering("AUTH PLAIN OAUTHBEARER XOAUTH2"), ListFeed([envelope(1)])
    carry(server, feed, user="us@example.org", token_file=token_file)
    [said] = server.said("AUTH")
    assert said.startswith("AUTH XOAUTH2 ")
    assert decoded(said) == f"user=us@example.org\1auth=Bearer {TOKEN}\1\1".encode()
    assert feed.verdicts == {1: Verdict.SENT}


def test_a_token_logs_in_by_oauthbearer_where_that_alone_is_offered(token_file: Path) -> None:
    server = offering("AUTH PLAIN OAUTHBEARER")
    carry(server, ListFeed([envelope(1)]), user="a=b,c", token_file=token_file)
    [said] = server.said("AUTH")
    where = f"\1host=127.0.0.1\1port={server.port}\1"
    assert decoded(said) == f"n,a=a=3Db=2Cc,{where}auth=Bearer {TOKEN}\1\1".encode()


def test_a_token_too_long_for_a_command_waits_until_it_is_asked_for(token_file: Path) -> None:
    token_file.write_text("x" * 2000)
    server, feed = offering("AUTH XOAUTH2", say("334 ")), ListFeed([envelope(1)])
    carry(server, feed, user="us", token_file=token_file)
    command, response = server.heard[1:3]
    assert command == "AUTH XOAUTH2"
    assert decoded(response) == b"user=us\1auth=Bearer " + b"x" * 2000 + b"\1\1"
    assert feed.verdicts == {1: Verdict.SENT}


def test_a_token_that_was_renewed_is_used_by_the_next_connection(token_file: Path) -> None:
    feed = ListFeed([envelope(1)])
    carry(offering("AUTH XOAUTH2"), feed, user="us", token_file=token_file)
    token_file.write_text("renewed")
    server = offering("AUTH XOAUTH2")
    carry(server, ListFeed([envelope(2)]), user="us", token_file=token_file)
    assert b"Bearer renewed" in decoded(server.said("AUTH")[0])


@pytest.mark.parametrize(("way", "acknowledged"), [("XOAUTH2", ""), ("OAUTHBEARER", "AQ==")])
def test_what_is_wrong_with_a_token_is_said_in_words(
    token_file: Path, way: str, acknowledged: str
) -> None:
    server = offering(f"AUTH {way}", say(f"334 {CHALLENGE}"), say("535 5.7.8 not accepted"))
    error = refused(server, user="us", token_file=token_file)
    assert server.heard[2] == acknowledged
    assert str(error) == (
        f"127.0.0.1:{server.port} refused the access token: renew the token in {token_file}, or "
        "check the user in NEWSLETTER_MAIL_URL; it said 535 5.7.8 not accepted, status 401, and "
        "that it wants the scope https://mail.google.com/."
    )
    assert error.outcome.verdict is Verdict.BLOCKED
    assert "401" in error.outcome.reply


@pytest.mark.parametrize("challenge", ["", "!!", "AAAA", "WzFd", "e30="])
def test_a_challenge_that_says_nothing_leaves_the_reply(token_file: Path, challenge: str) -> None:
    server = offering("AUTH XOAUTH2", say(f"334 {challenge}"), say("535 5.7.8 no"))
    assert "it said 535 5.7.8 no." in str(refused(server, user="us", token_file=token_file))


def test_a_server_that_hangs_up_on_a_token_is_tried_again(token_file: Path) -> None:
    server = offering("AUTH XOAUTH2", say(f"334 {CHALLENGE}"), HANGS_UP)
    outcome = refused(server, user="us", token_file=token_file).outcome
    assert outcome.verdict is Verdict.REQUEUED


def test_a_token_is_not_said_where_no_way_for_it_is_offered(token_file: Path) -> None:
    server = offering("AUTH PLAIN LOGIN")
    error = refused(server, user="us", token_file=token_file)
    assert "offers no login by XOAUTH2 or OAUTHBEARER (it offers PLAIN, LOGIN)" in str(error)
    assert server.said("AUTH") == []


@pytest.mark.parametrize("content", [None, "", "two words", "a\nb", "é"])
def test_a_file_without_a_token_is_named_and_nothing_is_said(
    token_file: Path, content: str | None
) -> None:
    token_file.unlink()
    if content is not None:
        token_file.write_text(content, "utf-8")
    server = offering("AUTH XOAUTH2")
    error = refused(server, user="us", token_file=token_file)
    assert str(token_file) in str(error)
    assert error.outcome.verdict is Verdict.BLOCKED
    assert server.said("AUTH") == []


def test_a_login_does_not_show_its_password() -> None:
    assert "hunter2" not in repr(Login("us", "hunter2"))
