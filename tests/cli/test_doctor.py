import json
from collections.abc import Iterator

import pytest

from newsletter.doctor.dns_lookup import Dns
from tests.cli.conftest import Shell
from tests.doctor.zones import serving


@pytest.fixture(autouse=True)
def no_internet(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site and the DNS are on this machine, and the DNS knows nothing."""
    empty.environ["NEWSLETTER_BASE_URL"] = "http://127.0.0.1:1"
    empty.environ["NEWSLETTER_MAIL_FROM"] = "hello@news.test"
    with serving({}) as dns:
        monkeypatch.setattr(Dns, "of_this_machine", lambda: dns)
        yield


def _findings(shell: Shell) -> dict[str, tuple[str, str]]:
    result = shell("doctor", "--json")
    return {f["what"]: (f["state"], f["sentence"]) for f in json.loads(result.stdout)}


def test_a_new_home_lacks_only_what_is_to_run(empty: Shell) -> None:
    empty.done("db", "upgrade")
    result = empty("doctor")
    assert (result.exit_code, result.stdout.count("✗ processes: No ")) == (1, 2)
    empty.done("clock", "--once")
    empty.done("worker", "--once")
    report = empty.done("doctor")
    assert report.count("✓") == 11
    assert "✗" not in report


def test_a_server_that_does_not_answer_is_wrong(shell: Shell) -> None:
    shell.environ["NEWSLETTER_MAIL_URL"] = "smtp://127.0.0.1:1"
    result = shell("doctor")
    assert result.exit_code == 1
    assert "✗ mail: 127.0.0.1:1" in result.stdout
    found = _findings(shell)
    assert found["mail"][0] == "wrong"
    assert 'the TXT record "v=spf1 mx ~all"' in found["SPF"][1]


def test_a_missing_postal_address_is_a_warning(shell: Shell) -> None:
    shell.environ["NEWSLETTER_POSTAL_ADDRESS"] = ""
    assert "! settings: NEWSLETTER_POSTAL_ADDRESS" in shell("doctor").stdout


def test_a_storage_that_cannot_be_written_is_wrong(shell: Shell) -> None:
    shell.environ["NEWSLETTER_STORAGE_URL"] = f"file://{shell.folder}/rain.csv/storage"
    assert _findings(shell)["storage"][0] == "wrong"


def test_a_database_that_was_not_upgraded_is_wrong(empty: Shell, postgres_url: str) -> None:
    empty.environ |= {
        "DATABASE_URL": postgres_url,
        "SECRET_KEY": "0123456789abcdefghijklmnopqrst!?",
    }
    state, sentence = _findings(empty)["database"]
    assert state == "wrong"
    assert "newsletter db upgrade" in sentence


@pytest.mark.parametrize("secret", ["hunter2"])
def test_no_password_is_printed(shell: Shell, secret: str) -> None:
    shell.environ["NEWSLETTER_MAIL_URL"] = f"smtp://user:{secret}@127.0.0.1:1?tls=none"
    assert secret not in shell("doctor").output
