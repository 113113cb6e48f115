"""A line for each request, on request, in which nobody is."""

import logging
from collections.abc import Callable, Iterator

import pytest

from newsletter.installation import Installation
from newsletter.settings import Settings
from newsletter.web.app import create_app
from newsletter.web.warm_up import warm_up
from tests.migrated import migrate

Ask = Callable[..., str]


@pytest.fixture
def ask(environ: dict[str, str], caplog: pytest.LogCaptureFixture) -> Iterator[Ask]:
    """What is logged of a request, where ``NEWSLETTER_REQUEST_LOG`` is ``kind``."""
    opened: list[Installation] = []

    def log_of(kind: str, path: str, method: str = "GET", peer: str = "203.0.113.77") -> str:
        installation = Installation.open(Settings.load(environ | {"NEWSLETTER_REQUEST_LOG": kind}))
        migrate(installation.db)
        opened.append(installation)
        caplog.set_level(logging.INFO, "newsletter")
        create_app(installation).test_client().open(
            path, method=method, base_url="https://news.example.org",
            environ_base={"REMOTE_ADDR": peer},
        )  # fmt: skip
        lines = [r for r in caplog.records if getattr(r, "event", "") == "request"]
        return "\n".join(record.getMessage() for record in lines)

    yield log_of
    for installation in opened:
        installation.db.close()


def test_what_a_process_asks_itself_at_its_start_is_not_logged(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    opened = Installation.open(Settings.load(environ | {"NEWSLETTER_REQUEST_LOG": "paths"}))
    migrate(opened.db)
    caplog.set_level(logging.INFO, "newsletter")
    warm_up(create_app(opened), opened)
    opened.db.close()
    assert [record.getMessage() for record in caplog.records] == []


def test_nothing_is_logged_unless_it_is_wanted(ask: Ask) -> None:
    assert ask("off", "/") == ""


@pytest.mark.parametrize(
    ("path", "method", "begins"),
    [
        ("/", "GET", "GET / 200 "),
        ("/healthz", "GET", "GET /healthz 200 3 "),
        ("/nothing/here", "GET", "GET /nothing/here 404 "),
        ("/datasets/?q=ann@example.org", "GET", "GET /datasets/ 200 "),
        ("/unsubscribe/AAAA.BBBB?token=CCCC", "GET", "GET /unsubscribe/(token) 404 "),
        ("/admin/password/AAAA.BBBB", "GET", "GET /admin/password/(token) "),
        ("/a%0d%0aGET /forged 200", "GET", "GET /a%0D%0AGET%20/forged%20200 404 "),
    ],
)
def test_it_has_what_was_asked_for_and_nobody(
    ask: Ask, path: str, method: str, begins: str
) -> None:
    line = ask("paths", path, method)
    assert line.startswith(begins)
    assert line.endswith(" ms")
    assert "\n" not in line
    assert not any(secret in line for secret in ("AAAA", "CCCC", "ann@", "203.0.113"))


@pytest.mark.parametrize(
    ("peer", "network"),
    [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48")],
)
def test_a_network_is_logged_and_no_address(ask: Ask, peer: str, network: str) -> None:
    line = ask("networks", "/", peer=peer)
    assert line.startswith(f"{network} GET / 200 ")
    assert peer not in line
