"""``column IN (these numbers)``, with all of them in one parameter.

So the statement is the same however many there are, and is prepared once: five
hundred parameters cost more to send and to plan than the rows to find.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class Numbers(TypeDecorator[list[int]]):
    """Whole numbers: an array on PostgreSQL, JSON on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        wide = ARRAY(BigInteger()) if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(wide)

    def process_bind_param(self, value: Iterable[int] | None, dialect: Dialect) -> Any:
        numbers = list(value or ())
        return numbers if dialect.name == "postgresql" else json.dumps(numbers)


class among(FunctionElement[bool]):  # noqa: N801 - it reads as an operator
    """Whether ``column`` is one of ``numbers``, or of those of the parameter so named."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, numbers: str | Iterable[int]) -> None:
        if isinstance(numbers, str):
            super().__init__(column, bindparam(numbers, type_=Numbers()))
        else:
            super().__init__(column, bindparam(None, list(numbers), type_=Numbers()))

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would write ``= 1`` behind it, and SQLite then uses no index."""
        return self


@compiles(among, "postgresql")
def _any_of(element: among, compiler: Any, **options: Any) -> str:
    column, numbers = element.clauses
    return f"{compiler.process(column, **options)} = ANY({compiler.process(numbers, **options)})"


@compiles(among, "sqlite")
def _in_json(element: among, compiler: Any, **options: Any) -> str:
    column, numbers = element.clauses
    listed = f"json_each({compiler.process(numbers, **options)})"
    return f"{compiler.process(column, **options)} IN (SELECT value FROM {listed})"  # noqa: S608
