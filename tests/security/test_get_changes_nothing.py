"""Row "CSRF", and RFC 8058: what only reads, reads only."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from newsletter import clock
from newsletter.audience.links import PREFERENCES, UNSUBSCRIBE, confirm_token, token_of
from newsletter.installation import Installation
from newsletter.models.subscriber import Status
from tests import factories

PAGES = (
    "/datasets/penguins",
    "/issues/2026-11-23",
    *(f"/posts/penguins-who-is-who{end}" for end in ("", ".py", ".ipynb", ".md", "/figures/1.png")),
)
WRITES = ("insert", "update", "delete", "replace")


@pytest.fixture
def links(seeded: Installation) -> list[str]:
    """Every link that a mail to a pending and to an active subscriber carries."""
    signer = seeded.signer
    with seeded.db.write() as session:
        ann = factories.subscriber(session, signer, "ann@example.org")
        new = factories.subscriber(session, signer, "new@example.org", Status.PENDING)
    return [
        f"/confirm/{confirm_token(signer, new, clock.now())}",
        f"/preferences/{token_of(signer, PREFERENCES, ann)}",
        f"/unsubscribe/{token_of(signer, UNSUBSCRIBE, ann)}",
    ]


@contextmanager
def statements(installation: Installation) -> Iterator[list[str]]:
    """The SQL that runs inside the block."""
    seen: list[str] = []

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]).strip().lower())

    event.listen(installation.db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(installation.db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_link_of_a_mail_acts_when_it_is_only_opened(
    client: FlaskClient, seeded: Installation, links: list[str], method: str
) -> None:
    with statements(seeded) as seen:
        for link in links:
            assert client.open(link, method=method).status_code == 200
            assert client.open(f"{link}?List-Unsubscribe=One-Click", method=method)
    assert [statement for statement in seen if statement.startswith(WRITES)] == []
    assert len(seen) > 0 or method == "OPTIONS"


def test_no_public_page_writes(app: Flask, client: FlaskClient, seeded: Installation) -> None:
    paths = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments
        and not rule.rule.startswith("/admin")
        and "GET" in (rule.methods or ())
    ]
    assert "/subscribe" in paths
    with statements(seeded) as seen:
        for path in [*paths, *PAGES]:
            assert client.get(path).status_code == 200, path
    assert [statement for statement in seen if statement.startswith(WRITES)] == []
    assert len(seen) > 0
