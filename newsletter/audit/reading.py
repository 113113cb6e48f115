"""The audit log as it is looked at, filtered and taken away."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from newsletter.models.audit import AuditEntry
from newsletter.paging import Page, fetch

COLUMNS = ("number", "at", "who", "origin", "action", "target", "changes", "previous", "hash")
FORMATS = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a cell begins that a spreadsheet would run
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked for; empty: everything."""

    words: str = ""  # in any of the columns
    who: str = ""
    since: datetime | None = None
    until: datetime | None = None


def page(session: Session, chosen: Filter, number: int) -> Page[AuditEntry]:
    """The newest first."""
    return fetch(session, _select(chosen).order_by(AuditEntry.number.desc()), number)


def latest(session: Session, chosen: Filter, limit: int) -> list[AuditEntry]:
    rows = _select(chosen).order_by(AuditEntry.number.desc()).limit(limit)
    return list(session.scalars(rows))


def people(session: Session) -> list[str]:
    """Everybody who is in the log."""
    return list(session.scalars(select(AuditEntry.who).distinct().order_by(AuditEntry.who)))


def record(entry: AuditEntry) -> dict[str, Any]:
    """An entry as JSON has it."""
    values = {name: getattr(entry, name) for name in COLUMNS}
    return values | {"at": entry.at.isoformat(), "changes": json.loads(entry.changes)}


def lines(session: Session, chosen: Filter, form: str) -> Iterator[str]:
    """An export, the oldest first: of ``csv`` a header and a row an entry, of ``ndjson`` a line."""
    if form == "csv":
        yield _csv_line(COLUMNS)
    last = 0
    while True:
        rows = _select(chosen).where(AuditEntry.number > last).order_by(AuditEntry.number)
        entries = session.scalars(rows.limit(AT_ONCE)).all()
        for entry in entries:
            values = record(entry)
            if form == "csv":
                yield _csv_line([*(values | {"changes": entry.changes}).values()])
            else:
                yield json.dumps(values, ensure_ascii=False) + "\n"
        if len(entries) < AT_ONCE:
            return
        last = entries[-1].number
        session.expunge_all()


def _select(chosen: Filter) -> Select[AuditEntry]:
    rows: Select[Any] = select(AuditEntry)
    if chosen.who:
        rows = rows.where(AuditEntry.who == chosen.who)
    if chosen.since:
        rows = rows.where(AuditEntry.at >= chosen.since)
    if chosen.until:
        rows = rows.where(AuditEntry.at < chosen.until)
    if chosen.words:
        columns = (AuditEntry.who, AuditEntry.origin, AuditEntry.action, AuditEntry.target,
                   AuditEntry.changes)  # fmt: skip
        rows = rows.where(or_(*(c.icontains(chosen.words, autoescape=True) for c in columns)))
    return rows


def _csv_line(cells: list[Any] | tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_harmless(str(cell)) for cell in cells])
    return buffer.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text
