"""The catalog: a dataset, its versions, and the tables of each version."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from newsletter.db import Base
from newsletter.models.columns import BigInt, Key, one_of
from newsletter.models.task import Task


class VersionState(StrEnum):
    DRAFT = "draft"  # seen and changed by curators only
    PUBLISHED = "published"  # public, and its tables fixed for ever
    WITHDRAWN = "withdrawn"  # was public: what is left of it is a tombstone


class Dataset(Base):
    __tablename__ = "dataset"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    created_at: Mapped[datetime]

    versions: Mapped[list["Version"]] = relationship(
        back_populates="dataset", cascade="all, delete-orphan", order_by="Version.id"
    )
    pending_ingest: Mapped["PendingIngest | None"] = relationship(
        back_populates="dataset", cascade="all, delete-orphan"
    )


class PendingIngest(Base):
    """What was saved of a dataset, words and files, and the task that makes a draft of it.

    There is one of a dataset at most, and while there is nothing else of the dataset changes.
    """

    __tablename__ = "pending_ingest"

    id: Mapped[Key]
    dataset_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("dataset.id", ondelete="CASCADE"), unique=True
    )
    task_id: Mapped[int | None] = mapped_column(
        BigInt, ForeignKey("task.id", ondelete="SET NULL"), index=True
    )
    package: Mapped[dict[str, Any]]  # all that was written, as a DatasetPackage
    files: Mapped[dict[str, Any]]  # by the tables' names: see services.datasets.table_files
    note: Mapped[str] = mapped_column(default="")  # what changed
    number: Mapped[str | None] = mapped_column(String(32))  # of the version, where one was chosen
    is_published: Mapped[bool] = mapped_column(default=False)  # as soon as it is read
    error: Mapped[str] = mapped_column(default="")  # why it could not be read
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the same, by dotted paths

    dataset: Mapped[Dataset] = relationship(back_populates="pending_ingest")
    task: Mapped[Task | None] = relationship()


class Version(Base):
    """What a person wrote about a dataset, at one semver. Mirrors dataset.yaml."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("dataset_id", "number"),)

    id: Mapped[Key]
    dataset_id: Mapped[int] = mapped_column(BigInt, ForeignKey("dataset.id", ondelete="CASCADE"))
    number: Mapped[str] = mapped_column(String(32))  # semver
    state: Mapped[VersionState] = mapped_column(one_of(VersionState), default=VersionState.DRAFT)
    title: Mapped[str] = mapped_column(String(80))
    summary: Mapped[str] = mapped_column(String(80))
    description: Mapped[str]  # markdown
    license: Mapped[str | None] = mapped_column(String(64))  # SPDX id
    citation: Mapped[str | None]
    temporal: Mapped[str | None]
    spatial: Mapped[str | None]
    language: Mapped[str] = mapped_column(String(16), default="en")
    keywords: Mapped[list[Any]] = mapped_column(default=list)
    sources: Mapped[list[Any]] = mapped_column(default=list)
    creators: Mapped[list[Any]] = mapped_column(default=list)
    changelog: Mapped[list[Any]] = mapped_column(default=list)
    images: Mapped[list[Any]] = mapped_column(default=list)
    questions: Mapped[list[Any]] = mapped_column(default=list)
    caveats: Mapped[list[Any]] = mapped_column(default=list)
    credit: Mapped[dict[str, Any] | None]
    chart: Mapped[dict[str, Any] | None]  # the curator's Vega-Lite; None: the default for the table
    chart_drawn: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the one that was drawn
    chart_alt: Mapped[str] = mapped_column(default="")
    chart_png: Mapped[str | None] = mapped_column(String(80))  # storage key
    chart_svg: Mapped[str | None] = mapped_column(String(80))  # storage key
    digest: Mapped[str] = mapped_column(String(64))  # of what it was made from; sync compares it
    created_at: Mapped[datetime]
    modified_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    dataset: Mapped[Dataset] = relationship(back_populates="versions")
    tables: Mapped[list["Table"]] = relationship(
        back_populates="version", cascade="all, delete-orphan", order_by="Table.position"
    )
    erratum: Mapped["Erratum | None"] = relationship(
        back_populates="version", foreign_keys="Erratum.version_id"
    )
    withdrawal: Mapped["Withdrawal | None"] = relationship(
        back_populates="version", cascade="all, delete-orphan"
    )

    @property
    def is_published(self) -> bool:
        return self.state is VersionState.PUBLISHED

    @property
    def is_withdrawn(self) -> bool:
        return self.state is VersionState.WITHDRAWN


class Erratum(Base):
    """What was wrong with a published version, and which version corrects it.

    A row of its own, as nothing of a published version ever changes.
    """

    __tablename__ = "erratum"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("version.id", ondelete="CASCADE"), unique=True
    )
    corrected_by_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("version.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str]  # plain text, for readers
    published_at: Mapped[datetime]

    version: Mapped[Version] = relationship(back_populates="erratum", foreign_keys=[version_id])
    corrected_by: Mapped[Version] = relationship(foreign_keys=[corrected_by_id])


class Withdrawal(Base):
    """Why a published version was taken from the public. Its data are kept for a day, in which
    it can be undone."""

    __tablename__ = "withdrawal"

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(
        BigInt, ForeignKey("version.id", ondelete="CASCADE"), unique=True
    )
    reason: Mapped[str]  # plain text, for readers
    withdrawn_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]  # when its data were: from then on it is for good

    version: Mapped[Version] = relationship(back_populates="withdrawal")


class DiscardedFile(Base):
    """A file of something that was given up: it goes from storage if nothing else has it."""

    __tablename__ = "discarded_file"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)  # of storage
    discarded_at: Mapped[datetime]


class Table(Base):
    """One tabular resource: its files by content, its columns and its profile."""

    __tablename__ = "table"
    __table_args__ = (UniqueConstraint("version_id", "name"),)

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(BigInt, ForeignKey("version.id", ondelete="CASCADE"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str] = mapped_column(default="")
    primary_key: Mapped[list[Any]] = mapped_column(default=list)
    foreign_keys: Mapped[list[Any]] = mapped_column(default=list)
    missing_values: Mapped[list[Any]] = mapped_column(default=lambda: [""])  # cells read as none
    columns: Mapped[list[Any]] = mapped_column(default=list)  # the dictionary, in file order
    origin: Mapped[str] = mapped_column(default="")  # the file name or URL it came from
    encoding: Mapped[str | None] = mapped_column(String(32))
    rows: Mapped[int] = mapped_column(BigInt)
    rejected: Mapped[list[Any]] = mapped_column(default=list)  # [{line, reason}], the first ones
    rows_rejected: Mapped[int] = mapped_column(BigInt, default=0)
    notes: Mapped[list[Any]] = mapped_column(default=list)  # sentences on how it was read
    preview: Mapped[list[Any]] = mapped_column(default=list)  # the first rows
    profile: Mapped[dict[str, Any]] = mapped_column(default=dict)
    files: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # csv|parquet|json -> {key, bytes, sha256}

    version: Mapped[Version] = relationship(back_populates="tables")
