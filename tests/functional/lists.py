"""A list of readers who are owed an issue, without the way that led there."""

import sys
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import insert

from newsletter.audience.suppression import address_hash
from newsletter.delivery.issue_run.enrol import enrol
from newsletter.email_address import parse_address
from newsletter.installation import Installation
from newsletter.mailing.message import Headers, freeze
from newsletter.mailing.render import render_issue
from newsletter.models.issue import Issue, IssueState, Kind
from newsletter.models.subscriber import Cadence, Status, Subscriber
from tests.mailing.sample import penguins_content

REPOSITORY = Path(__file__).parents[2]
NEWSLETTER = [sys.executable, "-m", "newsletter"]


def add_readers(installation: Installation, count: int, now: datetime) -> list[str]:
    """``count`` active subscribers; returns their addresses."""
    addresses = [f"reader{number}@example.org" for number in range(count)]
    rows = [
        {
            "address": address,
            "address_key": address,
            "address_hash": address_hash(installation.signer, parse_address(address)),
            "status": Status.ACTIVE,
            "cadence": Cadence.MONDAY,
            "created_at": now,
            "confirmed_at": now,
            "confirmations": 0,
        }
        for address in addresses
    ]
    with installation.db.write() as session:
        session.execute(insert(Subscriber), rows)
    return addresses


def begin_issue(installation: Installation, day: date, now: datetime) -> None:
    """Freeze an issue with real content for all active subscribers."""
    content = penguins_content()
    headers = Headers.of_issue(installation.settings, "monday", day, now)
    message = freeze(render_issue(content), headers).to_bytes()
    with installation.db.write() as session:
        issue = Issue(
            kind=Kind.REGULAR,
            date=day,
            state=IssueState.SENDING,
            created_at=now,
            frozen_at=now,
            message=message,
        )
        session.add(issue)
        session.flush()
        issue.candidates = enrol(session, issue, now)
