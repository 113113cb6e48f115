"""What is remembered from one check of the catalog to the next."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt


class CatalogCheck(Base):
    """Of one dataset: what its sources answered last."""

    __tablename__ = "upkeep"

    dataset_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("dataset.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    asked_at: Mapped[datetime]
    sources: Mapped[dict[str, Any]] = mapped_column(default=dict)  # by address: see links.Memory


class CatalogCheckWeek(Base):
    """A week's check, which is made once, by whichever clock is first."""

    __tablename__ = "upkeep_week"

    week: Mapped[str] = mapped_column(String(8), primary_key=True)  # 2026-W48
    begun_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
