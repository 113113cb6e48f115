"""Row "secrets with the umask's mode": no link stands in a row, and no text of what is over."""

import re

import pytest
from sqlalchemy import select, text

from newsletter import clock, jobs
from newsletter.curators import accounts, password_mail
from newsletter.db import Base
from newsletter.delivery.queue import ledger
from newsletter.delivery.queue.retry_policy import Settlement
from newsletter.installation import Installation
from newsletter.issues.notices import alert_curators
from newsletter.models.curator import Role
from newsletter.models.delivery import DeliveryState, Notice
from newsletter.web.site import subscribe
from tests.web.admin.conftest import OWNER, Browser

LINK = re.compile(r"https://news\.example\.org(/(?:confirm|admin/password)/[\w-]+)")


def everything(installation: Installation) -> str:
    """Each cell of each table, as text."""
    with installation.db.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
        )


def mailed(installation: Installation) -> list[str]:
    """The links of all mails that went out."""
    folder = installation.settings.home / "outbox" / "new"
    mails = [path.read_text().replace("=\n", "") for path in folder.glob("*")]
    return sorted({link for mail in mails for link in LINK.findall(mail)})


def test_a_link_is_made_when_it_is_mailed_and_stands_in_no_row(
    installation: Installation, nobody: Browser, people: None
) -> None:
    nobody.post("/admin/forgotten", "/admin/forgotten", address=OWNER)
    nobody.client.post("/subscribe", data={"email": "ann@example.org"})
    before = everything(installation)
    jobs.deliver(installation)
    links = mailed(installation)
    assert [link.rpartition("/")[0] for link in links] == ["/admin/password", "/confirm"]
    for link in links:
        token = link.rpartition("/")[2]
        assert token not in before
        assert token not in everything(installation)
        assert nobody.get(link).status_code == 200
    assert subscribe.WORDING in before  # what stands there is seen


@pytest.fixture
def alert(installation: Installation) -> Notice:
    now = clock.now()
    with installation.db.write() as session:
        accounts.add_curator(session, OWNER, Role.OWNER, None, now)
        alert_curators(session, "Ann wrote", ["Secret words."], "/admin/secret", "once", now)
        return session.scalars(select(Notice)).one()


@pytest.mark.parametrize(
    ("state", "is_over"),
    [
        (DeliveryState.SENT, True),
        (DeliveryState.FAILED, True),
        (DeliveryState.UNKNOWN, True),
        (DeliveryState.UNKNOWN, False),
        (DeliveryState.PENDING, False),
    ],
)
def test_a_notice_keeps_its_text_until_it_is_settled(
    installation: Installation, alert: Notice, state: DeliveryState, is_over: bool
) -> None:
    now = clock.now()
    settlement = Settlement(alert.id, state, None if is_over else now, True, "x", "250 ok")
    with installation.db.write() as session:
        ledger.settle(session, Notice, [settlement], now)
    kept = everything(installation)
    for words in ("Ann wrote", "Secret words.", "/admin/secret"):
        assert (words in kept) is not is_over
    assert "once" in kept  # nobody is told twice


def test_an_old_row_with_a_link_is_mended_by_the_upgrade(installation: Installation) -> None:
    from newsletter import migrations

    now = clock.now()
    with installation.db.write() as session:
        owner = accounts.add_curator(session, OWNER, Role.OWNER, None, now)
        password_mail.owe(session, owner, "Set a new password", now)
    migrations.downgrade(installation.db, "0010")
    row = """INSERT INTO notice (kind, address, state, attempts, subject, lines, path, created_at,
             not_before, settled_at) VALUES ('alert', :address, :state, 0, 'Set', '["x"]', :path,
             '2026-11-24', :moment, '2026-11-24')"""
    with installation.db.write() as session:
        for address, state, moment, path in (
            (OWNER, "pending", "2026-11-24", "/admin/password/AAAA"),
            (OWNER, "sent", None, "/admin/password/BBBB"),
            ("gone@example.org", "sent", None, "/admin/password/CCCC"),
            (OWNER, "sent", None, "/admin/issues/"),
        ):
            values = {"address": address, "state": state, "moment": moment, "path": path}
            session.execute(text(row), values)
    migrations.upgrade(installation.db)
    with installation.db.read() as session:
        kinds = [
            (notice.kind.value, notice.state.value, notice.curator_id, notice.subject)
            for notice in session.scalars(select(Notice).order_by(Notice.id))
        ]
    assert kinds == [
        ("reset", "pending", 1, "Set"),
        ("reset", "sent", 1, ""),
        ("alert", "sent", None, ""),
    ]
    assert "/admin/" not in everything(installation)
