"""The chain of the audit log: each entry holds the hash of the one before.

The hash is an HMAC-SHA-256 under a key of the installation's (``Signer.fingerprint``), not a plain
one: who can write to the database alone, by an injected statement or as another of its users, can
then alter or remove an entry, but not make the hashes fit again. Cutting off the end is what a
chain cannot show by itself: ``verify`` prints its last hash, and finds one that was noted before.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from newsletter.models.audit import AuditEntry
from newsletter.tokens import Signer

PURPOSE = "audit log"
FIRST = "0" * 32  # before the first entry there is none
LOCK = 0x6175646974  # of PostgreSQL; "audit"
AT_ONCE = 1000
LENGTHS = {"who": 320, "origin": 200, "action": 100, "target": 300}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is answerable for a transaction, and from where."""

    who: str
    origin: str
    action: str
    target: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    entries: int
    head: str  # the hash of the last one
    problem: str  # the first that does not fit; empty: the chain is whole


def append(
    session: Session, signer: Signer, actor: Actor, changes: list[dict[str, Any]], now: datetime
) -> None:
    """Add an entry at the end of the session's transaction. The next writer waits for it."""
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway. It is the last thing that a transaction waits for.
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last = session.scalars(select(AuditEntry).order_by(AuditEntry.number.desc()).limit(1)).first()
    entry = AuditEntry(
        number=last.number + 1 if last else 1,
        at=now,
        who=_clean(actor.who, "who"),
        origin=_clean(actor.origin, "origin"),
        action=_clean(actor.action, "action"),
        target=_clean(actor.target, "target"),
        changes=canonical(changes),
        previous=last.hash if last else FIRST,
    )
    entry.hash = hash_of(signer, entry)
    session.add(entry)
    session.flush()


def hash_of(signer: Signer, entry: AuditEntry) -> str:
    """What ``entry.hash`` has to be."""
    whole = {
        "number": entry.number,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "who": entry.who,
        "origin": entry.origin,
        "action": entry.action,
        "target": entry.target,
        "changes": entry.changes,
        "previous": entry.previous,
    }
    return signer.fingerprint(PURPOSE, canonical(whole))


def canonical(value: Any) -> str:
    """JSON that is spelled in one way, in ASCII, which every database keeps as it is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)


def verify(session: Session, signer: Signer, noted: str = "") -> Verdict:
    """Walk the whole chain. ``noted``: a hash that was printed before and has to be in it."""
    number, previous, was_noted = 0, FIRST, not noted
    for entry in everything(session):
        number += 1
        if entry.number != number:
            return Verdict(number - 1, previous, f"Entry {number} is missing.")
        if entry.previous != previous:
            return Verdict(number - 1, previous, f"Entry {number} does not follow the one before.")
        if entry.hash != hash_of(signer, entry):
            problem = f"Entry {number} was altered, or written under another SECRET_KEY."
            return Verdict(number - 1, previous, problem)
        previous = entry.hash
        was_noted = was_noted or previous == noted
    problem = (
        "" if was_noted else f"The entry with the hash {noted} is missing: the end was cut off."
    )
    return Verdict(number, previous, problem)


def everything(session: Session) -> Iterator[AuditEntry]:
    """All entries, the oldest first."""
    last = 0
    while True:
        rows = select(AuditEntry).where(AuditEntry.number > last).order_by(AuditEntry.number)
        entries = session.scalars(rows.limit(AT_ONCE)).all()
        if not entries:
            return
        yield from entries
        last = entries[-1].number
        session.expunge_all()


def _clean(value: str, column: str) -> str:
    """Without what a database cannot keep, or a terminal would obey."""
    return "".join(c for c in value if c.isprintable())[: LENGTHS[column]]
