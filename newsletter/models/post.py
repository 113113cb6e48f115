"""A post: a piece of code on one dataset version, and what came of running it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of
from newsletter.models.dataset import Version


class PostState(StrEnum):
    DRAFT = "draft"  # seen and changed by curators only
    PUBLISHED = "published"  # public
    WITHDRAWN = "withdrawn"  # was public, and is no longer


class RunStatus(StrEnum):
    RAN = "ran"
    FAILED = "failed"  # its code, or what it requires, no longer works
    REFUSED = "refused"  # the data are not those that it names


class Post(Base):
    __tablename__ = "post"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(100), unique=True)
    version_id: Mapped[int] = mapped_column(BigInt, ForeignKey("version.id"), index=True)
    state: Mapped[PostState] = mapped_column(one_of(PostState), default=PostState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    question: Mapped[str]  # that it answers, plain text
    author: Mapped[str] = mapped_column(String(120))
    author_url: Mapped[str | None]
    credit: Mapped[str] = mapped_column(default="")  # who else is thanked, plain text
    license: Mapped[str] = mapped_column(String(64))  # SPDX id, of the code and the words
    language: Mapped[str] = mapped_column(String(16))  # of its code: python, sql, r
    requires: Mapped[list[Any]] = mapped_column(default=list)  # PEP 508, each with its version
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)  # table -> SHA-256 of its CSV
    form: Mapped[str] = mapped_column(String(8))  # what it was written as: md or ipynb
    source_key: Mapped[str] = mapped_column(String(80))  # storage key of the file as written
    cells: Mapped[list[Any]] = mapped_column(default=list, deferred=True)  # posts.cells, made safe
    words: Mapped[str] = mapped_column(Text, default="", deferred=True)  # what a search looks in
    columns: Mapped[list[Any]] = mapped_column(default=list)  # of the data, that it uses
    digest: Mapped[str] = mapped_column(String(64))  # of what it was made from; sync compares it
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]  # when what a reader sees changed last
    published_at: Mapped[datetime | None]

    version: Mapped[Version] = relationship()
    runs: Mapped[list["PostRun"]] = relationship(
        back_populates="post", cascade="all, delete-orphan", order_by="PostRun.at"
    )

    @property
    def last_run(self) -> "PostRun | None":
        return self.runs[-1] if self.runs else None


class PostRun(Base):
    """One execution of a post against the data that it names."""

    __tablename__ = "post_run"

    id: Mapped[Key]
    post_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("post.id", ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime]
    status: Mapped[RunStatus] = mapped_column(one_of(RunStatus))
    seconds: Mapped[float]
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)  # python, and each package
    error: Mapped[str] = mapped_column(Text, default="")  # the last lines that it said
    source: Mapped[str] = mapped_column(String(64))  # SHA-256 of the post that ran

    post: Mapped[Post] = relationship(back_populates="runs")
