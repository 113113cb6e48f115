"""Subscribers in and out as CSV.

In: a header with ``email`` and, if wanted, ``name``, ``cadence``, ``timezone``
and ``status``. Doing it again changes nothing: who is known stays as they are,
so nobody who left comes back by an import; nor does anybody whose row says that
they left. A status that is not known is not taken for leave to mail: its row is refused.
What goes out can be brought in elsewhere.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.audience import subscriptions
from newsletter.audience.suppression import is_suppressed
from newsletter.db import Database
from newsletter.email_address import parse_address
from newsletter.errors import Invalid
from newsletter.models.subscriber import Cadence, Consent, Status, Subscriber
from newsletter.tokens import Signer

FIELDS = ("email", "name", "cadence", "timezone", "status")
EXPORTED = (*FIELDS, "created_at", "confirmed_at", "left_at")
MAILED = ("", Status.ACTIVE, Status.PENDING)  # the others have left
FORMULA = ("=", "+", "-", "@", "\t", "\r")
NAME_AT_MOST = 200
LINE_AT_MOST = 100_000  # characters
AT_ONCE = 1000  # subscribers that are written out of one transaction


@dataclass
class Transfer:
    """What an import did."""

    added: int = 0
    known: int = 0
    suppressed: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)  # line number, why


def read_rows(file: TextIO) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line number. Raises Invalid for a file that is no CSV in
    UTF-8, or has no ``email`` column."""
    reader = csv.DictReader(_lines(file))
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or []]
        if "email" not in names:
            raise Invalid("The file needs a header with a column named email.")
        reader.fieldnames = names
        for row in reader:
            yield reader.line_num, {key: _as_typed(row.get(key) or "") for key in FIELDS}
    except UnicodeDecodeError as error:
        raise Invalid("The file is not in UTF-8: save it as CSV UTF-8.") from error
    except csv.Error as error:
        raise Invalid(f"Line {reader.line_num} does not read as CSV: {error}.") from error


def _lines(file: TextIO) -> Iterator[str]:
    """Raises Invalid for a line that would fill the memory."""
    number = 0
    while line := file.readline(LINE_AT_MOST):
        number += 1
        if len(line) == LINE_AT_MOST and not line.endswith("\n"):
            raise Invalid(f"Line {number} does not read as CSV: it is longer than any row.")
        yield line


def import_csv(
    session: Session,
    signer: Signer,
    rows: Iterable[tuple[int, dict[str, str]]],
    confirmed: bool,
    now: datetime,
) -> Transfer:
    """Add those who are not known: as active with ``confirmed``, else each is asked first."""
    done = Transfer()
    for line, row in rows:
        try:
            _bring_in(session, signer, row, confirmed, now, done)
        except Invalid as error:
            reasons = "; ".join(error.fields.values()) or str(error)
            done.refused.append((line, reasons))
    return done


def _bring_in(
    session: Session,
    signer: Signer,
    row: dict[str, str],
    confirmed: bool,
    now: datetime,
    done: Transfer,
) -> None:
    address = parse_address(row["email"])
    status = row["status"].lower()
    if status not in set(Status) | {""}:
        raise Invalid(f"its status is not one of {', '.join(Status)}")
    if status not in MAILED:
        raise Invalid(f"the file says {status}: who has left is not brought in")
    if subscriptions.find(session, address) is not None:
        done.known += 1
        return
    if any(ord(c) < 32 for c in row["name"]) or len(row["name"]) > NAME_AT_MOST:
        raise Invalid(f"a name is one line of at most {NAME_AT_MOST} characters")
    fresh = Subscriber(address=str(address))
    subscriptions.choose(fresh, row["cadence"] or Cadence.MONDAY.value, row["timezone"])
    subscriber = subscriptions.add(session, signer, address, now)
    subscriber.name = row["name"] or None
    subscriber.cadence, subscriber.timezone = fresh.cadence, fresh.timezone
    if is_suppressed(session, subscriber.address_hash):
        done.suppressed += 1
        session.delete(subscriber)
        session.flush()
        return
    wording = "Brought in from another list by a curator."
    subscriber.consents.append(Consent(at=now, form="import", wording=wording))
    if confirmed and status != Status.PENDING:
        subscriptions.confirm(subscriber, now)
    else:
        subscriptions.ask_to_confirm(session, subscriber, now)
    done.added += 1


def count_subscribers(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Subscriber)) or 0


def write_rows(db: Database, file: TextIO) -> Iterator[int]:
    """Write every subscriber as CSV, cells made harmless to spreadsheets, some in each
    transaction; after each, how many it were so far."""
    writer = csv.writer(file)  # with any other end of line than CRLF, a lone CR is not quoted
    writer.writerow(EXPORTED)
    count, last = 0, 0
    while True:
        with db.read() as session:
            more = select(Subscriber).where(Subscriber.id > last).order_by(Subscriber.id)
            subscribers = session.scalars(more.limit(AT_ONCE)).all()
        if not subscribers:
            return
        for s in subscribers:
            cells = (s.address, s.name, s.cadence.value, s.timezone, s.status.value,
                     s.created_at, s.confirmed_at, s.left_at)  # fmt: skip
            writer.writerow([harmless(cell) for cell in cells])
        count, last = count + len(subscribers), subscribers[-1].id
        yield count


def harmless(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    text = "" if cell is None else cell.isoformat() if isinstance(cell, datetime) else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


def _as_typed(cell: str) -> str:
    """A cell without what ``harmless`` put before it."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
