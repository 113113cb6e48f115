"""What a reader, or a list of readers, may bring that is no address or no link of ours."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from newsletter.audience import links, subscriptions
from newsletter.audience.links import CONFIRM_FOR
from newsletter.email_address import parse_address
from tests.functional.site import Site, free_port, open_site

THURSDAY = datetime(2026, 11, 26, 12, tzinfo=UTC)
INJECTED = "ann@example.org\nBcc: everybody@example.org"


@pytest.fixture
def site(environ: dict[str, str]) -> Iterator[Site]:
    with open_site(environ, free_port()) as opened:
        yield opened


@pytest.mark.parametrize(
    "typed", [INJECTED, INJECTED.replace("\n", "\r\n"), "ann@example.org\n", "ann\n@example.org"]
)
def test_an_address_with_a_newline_is_refused_by_the_form(site: Site, typed: str) -> None:
    before = site.rows()
    visitor = site.visitor().open("/subscribe").submit("email", 422, email=typed)
    assert "The email address" in visitor.words() or "The part" in visitor.words()
    # A browser takes line breaks out of such a field; what is typed into one has none.
    assert visitor.value("email").splitlines() == typed.splitlines()
    assert site.rows() == before


def test_an_address_with_a_newline_is_refused_in_a_list_and_the_others_are_taken(
    site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f'email,name\nben@example.org,Ben\n"{INJECTED}",Ann\neve@example.org,"E\nve"\n')
    done = site.command("subscriber", "import", str(file), "--confirmed")
    assert done.returncode == 0
    first, *refused = done.stdout.splitlines()
    assert first == "1 added, 0 known already, 0 never to be mailed, 2 refused."
    assert [line.partition(":")[0] for line in refused] == ["Line 4", "Line 6"]
    assert "a name is one line" in refused[1]
    assert len(site.rows()["subscriber"]) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscriber", "show", INJECTED),
        ("subscriber", "erase", "--yes", INJECTED),
        ("curator", "add", INJECTED),
    ],
)
def test_an_address_with_a_newline_is_refused_by_a_command(
    site: Site, arguments: tuple[str, ...]
) -> None:
    before = site.rows()
    assert "everybody" not in site.refusal(*arguments)
    assert site.rows() == before


@pytest.mark.parametrize("page", ["confirm", "preferences", "unsubscribe"])
def test_an_unknown_link_says_what_to_do(site: Site, page: str) -> None:
    subscribed(site)
    before = site.rows()
    for token in ("x", "A" * 80, subscribed_token(site)[:-4] + "AAAA"):
        visitor = site.visitor().open(f"/{page}/{token}", status=404)
        assert "This link is not one of ours. Copy it whole from the newest mail." in (
            visitor.words()
        )
    assert site.rows() == before


def test_an_expired_link_leads_to_a_new_one(site: Site) -> None:
    with time_machine.travel(THURSDAY):
        token = subscribed_token(subscribed(site))
    with time_machine.travel(THURSDAY + CONFIRM_FOR + timedelta(minutes=1)):
        before = site.rows()
        visitor = site.visitor().open(f"/confirm/{token}", status=410)
        assert "This link has expired." in visitor.words()
        assert site.rows() == before
        visitor.submit("email", email="ann@example.org")
        assert "inbox" in visitor.words().lower()
        assert len(site.rows()["notice"]) == 2
        visitor.open(f"/confirm/{subscribed_token(site)}").submit("subscribe me")
    assert "active" in site.rows()["subscriber"][0]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file needs a header with a column named email."),
        (b"name,address\nAnn,ann@example.org\n", "The file needs a header with a column named"),
        ("email\nchloé@example.org\n".encode("utf-16"), "The file is not in UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "The file is not in UTF-8"),
    ],
)
def test_a_list_that_is_none_is_refused_whole(
    site: Site, tmp_path: Path, content: bytes, sentence: str
) -> None:
    before = site.rows()
    (tmp_path / "list.csv").write_bytes(content)
    refusal = site.refusal("subscriber", "import", str(tmp_path / "list.csv"))
    assert refusal.startswith(sentence)
    assert site.rows() == before


def test_a_list_that_breaks_off_adds_nobody(site: Site, tmp_path: Path) -> None:
    lines = ["email", *(f"reader{n}@example.org" for n in range(3000)), "chlo\udce9@example.org"]
    file = tmp_path / "list.csv"
    file.write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    before = site.rows()
    assert site.refusal("subscriber", "import", str(file)).startswith("The file is not in UTF-8")
    assert site.rows() == before


def subscribed(site: Site) -> Site:
    """After somebody has asked for the newsletter."""
    site.visitor().open("/").submit("email", email="ann@example.org")
    return site


def subscribed_token(site: Site) -> str:
    """What stands in the link of the newest mail to her."""
    with site.installation.db.read() as session:
        ann = subscriptions.find(session, parse_address("ann@example.org"))
        assert ann is not None
        assert ann.confirmation_at is not None
        signer = site.installation.signer
        return links.confirm_token(signer, ann, ann.confirmation_at)
