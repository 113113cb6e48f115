"""The files of what is given up: noted in the transaction that gives it up, and removed by a job
if nothing else has the same bytes.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.models.dataset import DiscardedFile, Version


def discard(session: Session, version: Version, now: datetime) -> None:
    """Give up every file of ``version``."""
    discard_keys(session, keys_of(version), now)


def discard_keys(session: Session, keys: Iterable[str], now: datetime) -> None:
    noted = set(session.scalars(select(DiscardedFile.key)))
    session.add_all(DiscardedFile(key=key, discarded_at=now) for key in {*keys} - noted)
    session.flush()


def keys_of(version: Version) -> set[str]:
    """Of its tables and its charts."""
    tables = {file["key"] for table in version.tables for file in table.files.values()}
    return tables | {key for key in (version.chart_png, version.chart_svg) if key}
