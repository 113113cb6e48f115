"""Arrow: IPC files (Feather version 2) and streams, and the older Feather.

pyarrow is the format's own implementation, and DuckDB takes its batches one
by one. It is large, so it is an extra (see ``file_kinds``), and loaded only here, in
the child process. What comes from a stranger is validated in full before anything
looks at it, as Arrow's page on security asks.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pyarrow import feather, ipc

from newsletter.errors import UnreadableTable
from newsletter.tables.reading.readers import typed
from newsletter.tables.reading.staging import Reading

LONGEST_DECIMAL = 38  # digits that DuckDB holds


def read(
    connection: duckdb.DuckDBPyConnection, path: Path, folder: Path, options: Mapping[str, Any]
) -> Reading:
    """Load ``path``; see ``staging.Reading``. Raises UnreadableTable."""
    try:
        with _opened(path, options["kind"]) as (schema, batches):
            known = pa.schema([field.with_type(_known(field.type)) for field in schema])
            reader = pa.RecordBatchReader.from_batches(
                known, (_validated(batch).cast(known) for batch in batches)
            )
            return typed.load(connection, connection.from_arrow(reader))
    except (duckdb.OutOfMemoryException, pa.ArrowMemoryError):
        raise
    except (duckdb.Error, pa.ArrowException, OSError, ValueError, EOFError) as error:
        raise UnreadableTable(
            "The file does not read as Arrow: write it again, or as Parquet."
        ) from error


@contextmanager
def _opened(path: Path, kind: str) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    with pa.memory_map(str(path)) as file:
        if kind == "arrow":
            reader = ipc.open_file(file)
            yield reader.schema, map(reader.get_batch, range(reader.num_record_batches))
        elif kind == "arrows":
            stream = ipc.open_stream(file)
            yield stream.schema, iter(stream)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that it is old; people still have such files
                table = feather.read_table(path)
            yield table.schema, iter(table.to_batches())


def _validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    batch.validate(full=True)
    return batch


def _known(type_: pa.DataType) -> pa.DataType:
    """``type_``, or the nearest one that DuckDB holds and that loses nothing."""
    if pa.types.is_float16(type_):
        return pa.float32()
    if pa.types.is_decimal256(type_):
        fits = type_.precision <= LONGEST_DECIMAL
        return pa.decimal128(type_.precision, type_.scale) if fits else pa.string()
    if isinstance(type_, pa.BaseExtensionType):
        return _known(type_.storage_type)
    return type_
