"""Column kinds that several models share."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import BigInteger, Enum, Integer
from sqlalchemy.orm import mapped_column

# SQLite gives a rowid's 64 bits only to INTEGER.
BigInt = BigInteger().with_variant(Integer, "sqlite")

Key = Annotated[int, mapped_column(BigInt, primary_key=True)]


def one_of(kind: type[StrEnum]) -> Enum:
    """A text column that holds one of the values of ``kind``, checked by the database."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=32,
        name=kind.__name__.lower(),
        values_callable=lambda members: [m.value for m in members],
    )
