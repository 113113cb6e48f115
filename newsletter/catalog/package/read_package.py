"""How a table's file is to be read, as a dataset.yaml, a form or a command states it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from newsletter.catalog.package.field_types import (
    UNSAID,
    Cell,
    ColumnName,
    ColumnType,
    Delimiter,
    Line,
)


class ReadPackage(BaseModel):
    """How a file is to be read, where that is not found out rightly."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Line | None = None  # which one, of a file that holds several
    stack: Annotated[bool, UNSAID] = False  # the files of an archive as one table
    encoding: Line | None = None
    delimiter: Delimiter | None = None
    decimal: Literal[".", ","] | None = None
    header: Annotated[int, Field(ge=0, le=10)] | None = None  # rows of it; 0: none
    date_order: Annotated[Literal["dmy", "mdy", "ymd"] | None, UNSAID] = None
    missing: Annotated[tuple[Cell, ...], UNSAID] = ()
    types: Annotated[dict[ColumnName, ColumnType], UNSAID] = Field(default_factory=dict)
    repair: Annotated[bool, UNSAID] = False  # mojibake and HTML entities
    fill_down: Annotated[tuple[ColumnName, ...], UNSAID] = ()  # columns with merged labels
