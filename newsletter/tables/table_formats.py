"""The formats that every table is kept in and handed out as: adding one is an entry
here, a writer in ``reading.outputs`` and a field of ``ingest.Ingested``. The site, the
descriptions of a dataset and the addresses of files read this list.
"""

from dataclasses import dataclass

# JSON knows numbers of any length, but JavaScript, jq and others read each as a double: the
# largest whole number of which every smaller one is a double, too (RFC 8259, section 6).
EXACT = 2**53 - 1


@dataclass(frozen=True, slots=True)
class TableFormat:
    name: str  # as it ends the address
    title: str
    media_type: str


TABLE_FORMATS = (
    TableFormat("csv", "CSV", "text/csv"),
    TableFormat("parquet", "Parquet", "application/vnd.apache.parquet"),
    TableFormat("json", "JSON", "application/json"),
)
MEDIA_TYPES = {format_.name: format_.media_type for format_ in TABLE_FORMATS}
