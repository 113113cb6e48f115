"""Whether mail may go out from this database."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt


class SendingPermission(Base):
    """One row, where it may. No backup has it, and in a copy ``place`` is another's."""

    __tablename__ = "sending_permission"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(BigInt, primary_key=True, autoincrement=False)
    place: Mapped[str] = mapped_column(String(200))  # as newsletter.db.place has it
    granted_at: Mapped[datetime]
