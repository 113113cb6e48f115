"""A file that a curator brings in pieces, before a dataset has it."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key


class Upload(Base):
    """Whoever brings it has its token; we have the token's hash."""

    __tablename__ = "upload"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    curator_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("curator.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(255))  # as its owner calls it
    length: Mapped[int] = mapped_column(BigInt)  # bytes that are to come
    received: Mapped[int] = mapped_column(BigInt, default=0)  # bytes that are here
    created_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)  # when the last piece came

    @property
    def is_whole(self) -> bool:
        return self.received == self.length


class UploadPiece(Base):
    """One piece, a file of its own in storage."""

    __tablename__ = "upload_piece"

    upload_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("upload.id", ondelete="CASCADE"), primary_key=True
    )
    start: Mapped[int] = mapped_column(BigInt, primary_key=True)  # its first byte
    key: Mapped[str] = mapped_column(String(120), unique=True)
