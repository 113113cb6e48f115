"""A dataset folder's dataset.yaml as typed, frozen values.

What a person writes, and nothing that can be computed. Column types are the words of
Data Package v2 (Table Schema). A draft may lack what publishing needs: ``publishing_problems`` says
what is still missing.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from newsletter.catalog.licenses import license_problem
from newsletter.catalog.package.field_types import (
    Cell,
    Chart,
    ColumnName,
    ColumnType,
    Description,
    InnerPath,
    Keyword,
    Language,
    Line,
    NoImages,
    Prose,
    Semver,
    Sha256,
    Summary,
    TableName,
    Temporal,
    Title,
    WebAddress,
)
from newsletter.catalog.package.read_package import ReadPackage
from newsletter.catalog.package.table_names import with_names
from newsletter.catalog.package.validation_messages import complaints
from newsletter.catalog.package.yaml_text import load_mapping
from newsletter.errors import Invalid, UnreadablePackage

FILE_NAME = "dataset.yaml"
MAX_BYTES = 256 * 1024
MAX_SLUG = 60


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourcePackage(_Value):
    """Where the data comes from."""

    title: Line
    url: WebAddress
    publisher: Line | None = None
    retrieved: date | None = None


class CreatorPackage(_Value):
    """Who made the data."""

    name: Line
    url: WebAddress | None = None


class ChangePackage(_Value):
    version: Semver
    date: date
    note: Line


class CreditPackage(_Value):
    """Who brought the dataset here."""

    curator: Line
    hat_tip: Line | None = None


class ColumnPackage(_Value):
    name: ColumnName
    type: ColumnType
    description: Line | None = None
    unit: Line | None = None
    categories: tuple[Cell, ...] = ()


class ForeignKeyPackage(_Value):
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    table: TableName
    references: Annotated[tuple[ColumnName, ...], Field(min_length=1)]


class TablePackage(_Value):
    """One table: a file of the folder, or an address with its sha256 (hex). In a
    DatasetPackage one without a name is called after its file."""

    name: TableName
    file: InnerPath | None = None
    url: WebAddress | None = None
    sha256: Sha256 | None = None
    bytes: Annotated[int, Field(ge=1)] | None = None
    description: Line | None = None
    primary_key: tuple[ColumnName, ...] = ()
    missing_values: tuple[Cell, ...] = ("",)
    # Not written where nothing is said, so that what was hashed before hashes the same.
    read: Annotated[ReadPackage, Field(exclude_if=lambda read: read == ReadPackage())] = (
        ReadPackage()
    )
    foreign_keys: tuple[ForeignKeyPackage, ...] = ()
    columns: tuple[ColumnPackage, ...] = ()

    @property
    def types(self) -> dict[str, str]:
        """The declared type of each column."""
        return {column.name: column.type for column in self.columns}

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.file is None) == (self.url is None):
            raise ValueError("needs either file: or url:, and not both")
        if self.url is not None and self.sha256 is None:
            raise ValueError("needs sha256: beside url:, so that the file can be checked")
        return self

    @model_validator(mode="after")
    def _keys_name_columns(self) -> Self:
        # DuckDB, which reads the table, folds the case of names.
        _refuse_repeats("column", (column.name.casefold() for column in self.columns))
        known = {column.name for column in self.columns}
        local = [*self.primary_key, *(name for key in self.foreign_keys for name in key.columns)]
        for name in local:
            if known and name not in known:
                raise ValueError(f"a key names the column {name}, which is not among the columns")
        for key in self.foreign_keys:
            if len(key.columns) != len(key.references):
                raise ValueError(f"the foreign key to {key.table} must pair its columns one to one")
        return self


class DatasetPackage(_Value):
    """A dataset as its curator wrote it down."""

    title: Title
    summary: Summary
    description: Description
    license: Line | None = None
    version: Semver = "1.0.0"
    changelog: tuple[ChangePackage, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    sources: tuple[SourcePackage, ...] = ()
    creators: tuple[CreatorPackage, ...] = ()
    citation: Prose | None = None
    temporal: Temporal | None = None
    spatial: Line | None = None
    language: Language = "en"
    tables: tuple[TablePackage, ...] = ()
    images: NoImages = ()
    chart: Chart = None
    questions: Annotated[tuple[Line, ...], Field(max_length=6)] = ()
    caveats: tuple[Prose, ...] = ()
    credit: CreditPackage | None = None

    @model_validator(mode="before")
    @classmethod
    def _names_its_tables(cls, written: Any) -> Any:
        tables = written.get("tables") if isinstance(written, Mapping) else None
        if not isinstance(tables, list | tuple):
            return written
        return {**written, "tables": with_names(tables)}

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        _refuse_repeats("table", (table.name for table in self.tables))
        if 0 < len(self.questions) < 3:
            raise ValueError("questions: write 3 to 6 of them, or none")
        if "data" in (self.chart or {}):
            raise ValueError("chart: leave out data, it comes from the table")
        known = {table.name: table for table in self.tables}
        for table in self.tables:
            for key in table.foreign_keys:
                _check_reference(table.name, key, known.get(key.table))
        return self


def parse_package(mapping: Mapping[str, Any]) -> DatasetPackage:
    """The dataset that ``mapping`` (a loaded dataset.yaml) describes.

    Raises UnreadablePackage whose ``fields`` maps each dotted path, such as
    ``tables.0.columns.2.type``, to what to do about it.
    """
    try:
        return DatasetPackage.model_validate(dict(mapping))
    except ValidationError as error:
        raise _unreadable(complaints(error)) from error


def read_package(folder: Path) -> DatasetPackage:
    """The dataset described in ``folder``/dataset.yaml.

    Files that it names need not exist yet (a prepare.py may make them), but
    no link may lead out of the folder. Raises UnreadablePackage.
    """
    package = parse_package(load_mapping(_read_text(folder / FILE_NAME)))
    root = folder.resolve()
    named = {f"tables.{i}.file": t.file for i, t in enumerate(package.tables) if t.file}
    strays = {
        path: "leads out of the dataset's folder: put the file itself there"
        for path, name in named.items()
        if not (root / name).resolve().is_relative_to(root)
    }
    if strays:
        raise _unreadable(strays)
    return package


def check_slug(slug: str) -> str:
    """``slug`` if it can stand in an address. Raises Invalid."""
    if len(slug) > MAX_SLUG or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        rule = f"lower-case letters and digits joined by single hyphens, at most {MAX_SLUG}"
        raise Invalid(f"{slug!r} cannot be a slug: use {rule}.", {"slug": rule})
    return slug


def publishing_problems(package: DatasetPackage) -> list[str]:
    """What keeps the dataset from being published, one sentence each; [] if nothing."""
    problems = []
    if package.license is None:
        problems.append("It has no license: add an SPDX id such as CC-BY-4.0.")
    elif problem := license_problem(package.license):
        problems.append(problem if problem.endswith("?") else f"{problem}.")
    if not package.keywords:
        problems.append("It has no keywords: add at least one.")
    if not package.tables:
        problems.append("It has no table: add one under tables.")
    problems += [
        f"The table {table.name} has no columns: describe each under columns."
        for table in package.tables
        if not table.columns
    ]
    return problems


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadablePackage(f"There is no readable {FILE_NAME} in {path.parent}.") from error
    if len(raw) > MAX_BYTES:
        raise UnreadablePackage(f"{FILE_NAME} is over {MAX_BYTES // 1024} KB: move data out of it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadablePackage(f"{FILE_NAME} is not UTF-8: save it as UTF-8.") from error


def _unreadable(fields: dict[str, str]) -> UnreadablePackage:
    path, sentence = next(iter(fields.items()))
    more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
    return UnreadablePackage(f"{FILE_NAME}: {path + ': ' if path else ''}{sentence}{more}.", fields)


def _check_reference(name: str, key: ForeignKeyPackage, target: TablePackage | None) -> None:
    if target is None:
        raise ValueError(f"the table {name} refers to {key.table}, which is not among the tables")
    missing = set(key.references) - set(target.types)
    if target.columns and missing:
        raise ValueError(f"the table {name} refers to {key.table}.{min(missing)}, which is not one")


def _refuse_repeats(what: str, names: Iterable[Hashable]) -> None:
    seen: set[Hashable] = set()
    for name in names:
        if name in seen:
            raise ValueError(f"the {what} {name} is named twice")
        seen.add(name)
