"""Column kinds that several models share."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from sqlalchemy import BigInteger, Enum, Integer
from sqlalchemy.orm import mapped_column

# SQLite gives a rowid's 64 bits only to INTEGER.
BigInt = BigInteger().with_variant(Integer, "sqlite")

Key = Annotated[int, mapped_column(BigInt, primary_key=True)]


def one_of(kind: type[StrEnum], old_names: Mapping[str, str] = MappingProxyType({})) -> Enum:
    """A text column that holds one of the values of ``kind``, checked by the database. What had
    another name before is stored by it, so that programs from before can read it."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=kind.__name__.lower(),
        values_callable=lambda members: [old_names.get(m.value, m.value) for m in members],
    )
