"""The audit log: who changed what. Rows are added, never changed: triggers refuse the rest."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt


class AuditEntry(Base):
    """One transaction of somebody's. ``hash`` covers all the rest, ``previous`` is the hash of
    the entry before, and numbers have no gap: see newsletter.audit.chain."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    who: Mapped[str] = mapped_column(String(320), index=True)  # an address, or a system's user
    origin: Mapped[str] = mapped_column(String(200))  # the network address, or the machine
    action: Mapped[str] = mapped_column(String(100))  # of the admin, or a command
    target: Mapped[str] = mapped_column(String(300))  # what the address of the page named
    changes: Mapped[str] = mapped_column(Text)  # canonical JSON: see newsletter.audit.recorder
    previous: Mapped[str] = mapped_column(String(32))
    hash: Mapped[str] = mapped_column(String(32), unique=True)
