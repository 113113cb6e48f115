"""What kind of file this is, by its content; its name is only a hint."""

import zipfile
from pathlib import Path

from newsletter.errors import UnreadableTable

# How kinds that we read begin.
READ = (
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"SQLite format 3\0", "sqlite"),
    (b"ARROW1\0\0", "arrow"),
    (b"FEA1", "feather"),
    (b"\xff\xff\xff\xff", "arrows"),  # the continuation mark of an IPC stream
)
TAR_MARK = slice(257, 262)
# How others begin that are brought by mistake.
NOT_READ = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"\x89HDF\r\n", "an HDF5 file"),
    (b"$FL2@(#)", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"RDX3\n", "an R data file"),
    (b"X\n\0\0\0", "an R data file"),
    (b"{\\rtf", "a text document"),
    (b"\0\0\0\0\1Standard Jet DB", "an Access database"),
    (b"\0\1\0\0Standard Jet DB", "an Access database"),
    (b"\0\1\0\0Standard ACE DB", "an Access database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
MARKUP = (
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML document"),
)
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
# By how the name of a file ends, one of an archive is taken for a table.
TABLES = {
    *(".csv", ".tsv", ".tab", ".psv", ".json", ".geojson", ".ndjson", ".jsonl", ".parquet"),
    *(".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".arrow", ".arrows", ".feather", ".ipc"),
    *(".sqlite", ".sqlite3", ".db"),
}
DELIMITED = {".csv", ".tsv", ".tab"}
JSON_LINES = {".ndjson", ".jsonl"}


def recognise(path: Path, name: str) -> str:
    """One of delimited, json, ndjson, parquet, arrow, arrows, feather, sqlite, xlsx,
    xlsb, xls, ods, or packed: gzip, bzip2, xz, zstd, zip, tar.

    ``name`` is what the file was called. Raises UnreadableTable for an empty
    file and for one that is known not to be a table.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise UnreadableTable("The file is empty: give one with a header and rows.")
    for magic, kind in READ:
        if head.startswith(magic):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _inside_zip(path)
    if head[TAR_MARK] == b"ustar":
        return "tar"
    for magic, what in NOT_READ:
        if head.startswith(magic):
            raise _not_a_table(what)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for tag, what in MARKUP:
        if start[:20].lower().startswith(tag):
            raise _not_a_table(what)
    return _text_kind(start, Path(name).suffix.lower())


def _text_kind(start: bytes, suffix: str) -> str:
    if suffix in DELIMITED:
        return "delimited"
    if suffix in JSON_LINES:
        return "ndjson"
    if start.startswith(b"{"):
        first, _, rest = start.partition(b"\n")
        return "ndjson" if first.rstrip().endswith(b"}") and rest.startswith(b"{") else "json"
    if suffix in {".json", ".geojson"} or start.startswith((b"[{", b"[\n", b"[\r", b"[ ")):
        return "json"
    return "delimited"


def _inside_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" in names:
                return "xlsx"
            if "xl/workbook.bin" in names:
                return "xlsb"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                return "ods" if archive.read("mimetype").decode() == OPEN_DOCUMENT else "zip"
    except (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError) as error:
        raise UnreadableTable("The zip archive is damaged: pack it again.") from error
    return "zip"


def _not_a_table(what: str) -> UnreadableTable:
    return UnreadableTable(f"This is {what}, not a table: give a CSV, Parquet, JSON or Excel file.")
