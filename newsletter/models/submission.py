"""What readers bring: a dataset that they suggest, code that they share."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of
from newsletter.models.dataset import Dataset
from newsletter.models.post import Post


class SubmissionKind(StrEnum):
    DATASET = "dataset"
    CODE = "code"


class SubmissionState(StrEnum):
    WAITING = "waiting"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Submission(Base):
    """Waits for a curator. Texts are plain; the address is for the answer alone."""

    __tablename__ = "submission"

    id: Mapped[Key]
    kind: Mapped[SubmissionKind] = mapped_column(one_of(SubmissionKind))
    state: Mapped[SubmissionState] = mapped_column(
        one_of(SubmissionState), default=SubmissionState.WAITING, index=True
    )
    dataset_id: Mapped[int | None] = mapped_column(  # that the code is on, or that became of it
        BigInt, ForeignKey("dataset.id", ondelete="SET NULL"), index=True
    )
    post_id: Mapped[int | None] = mapped_column(  # that became of it
        BigInt, ForeignKey("post.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(120))
    about: Mapped[str]  # what it is and why it is worth it
    link: Mapped[str | None]  # http or https
    file_key: Mapped[str | None] = mapped_column(String(80))  # storage key
    file_name: Mapped[str | None] = mapped_column(String(200))
    license: Mapped[str | None] = mapped_column(String(64))  # SPDX id
    name: Mapped[str] = mapped_column(String(120))  # for the credit line
    address: Mapped[str | None] = mapped_column(String(320))  # None: told nothing, or forgotten
    # Of the form that it came with, which is good for one; None: it came before there was one.
    form_key: Mapped[str | None] = mapped_column(String(32), unique=True, index=True)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(320))
    answer: Mapped[str] = mapped_column(default="")  # what the curator says to the person

    dataset: Mapped[Dataset | None] = relationship()
    post: Mapped[Post | None] = relationship()
