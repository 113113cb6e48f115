"""Every kind of file that is read, and which one a file is: by its content; its name is only
a hint. Adding one is a reader in a module of ``readers``, and an entry here.

The child process that reads, the forms, their refusals and docs/curator.md follow the list.
"""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from newsletter.errors import UnreadableTable
from newsletter.extras import ARROW, R_DATA, STATS, Extra


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that holds a table."""

    name: str
    title: str  # as docs/curator.md lists it
    words: str  # as a form or a refusal names it among others
    reader: str  # the module of ``readers`` that reads it
    endings: tuple[str, ...]  # of file names; by them, one of an archive is taken for a table
    by_ending: bool = False  # it is text, of this kind where its name ends so
    magic: tuple[bytes, ...] = ()  # how such a file begins
    zip_member: str = ""  # it is a zip archive with this file in it
    zip_ending: str = ""  # it is a zip archive with a file in it whose name ends so
    zip_media_type: str = ""  # it is a zip archive whose file "mimetype" says so
    holds_tables: bool = False  # more than one, of which one is chosen
    extra: Extra | None = None  # without which it is not read


def _statistics(
    name: str, title: str, *endings: str, by_ending: bool = False, magic: tuple[bytes, ...] = ()
) -> FileKind:
    words, reader = "a file of Stata, SPSS or SAS", "programs.statistics_files"
    return FileKind(name, title, words, reader, endings, by_ending, magic, extra=STATS)


@dataclass(frozen=True, slots=True)
class Packing:
    """A kind of file that holds other files; ``unpack`` has how each is opened."""

    name: str
    endings: tuple[str, ...]
    magic: tuple[bytes, ...] = ()  # none: see TAR_MARK


SHEETS, DATABASE, SHAPES = "a spreadsheet", "an SQLite database", "a dBASE file or shapefile"
OPEN_DOCUMENT = "application/vnd.oasis.opendocument.spreadsheet"
SAS_MARK = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
KINDS = (
    FileKind("delimited", "CSV", "CSV", "delimited", (".csv", ".tsv", ".tab", ".psv"), True),
    FileKind("json", "JSON", "JSON", "json_records", (".json", ".geojson"), holds_tables=True),
    FileKind("ndjson", "JSON Lines", "JSON", "json_records", (".ndjson", ".jsonl"), True),
    FileKind("parquet", "Parquet", "Parquet", "parquet", (".parquet",), magic=(b"PAR1",)),
    FileKind(
        "arrow", "Arrow", "Arrow", "arrow", (".arrow", ".ipc"), magic=(b"ARROW1\0\0",), extra=ARROW
    ),
    FileKind(  # which begins with the continuation mark of an IPC stream
        "arrows", "Arrow", "Arrow", "arrow", (".arrows",), magic=(b"\xff\xff\xff\xff",), extra=ARROW
    ),
    FileKind("feather", "Feather", "Arrow", "arrow", (".feather",), magic=(b"FEA1",), extra=ARROW),
    FileKind(
        "xlsx",
        "XLSX",
        SHEETS,
        "spreadsheet",
        (".xlsx", ".xlsm"),
        zip_member="xl/workbook.xml",
        holds_tables=True,
    ),
    FileKind(
        "xlsb",
        "XLSB",
        SHEETS,
        "spreadsheet",
        (".xlsb",),
        zip_member="xl/workbook.bin",
        holds_tables=True,
    ),
    FileKind(
        "xls",
        "XLS",
        SHEETS,
        "spreadsheet",
        (".xls",),
        magic=(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",),
        holds_tables=True,
    ),
    FileKind(
        "ods",
        "ODS",
        SHEETS,
        "spreadsheet",
        (".ods",),
        zip_media_type=OPEN_DOCUMENT,
        holds_tables=True,
    ),
    FileKind(
        "sqlite",
        "SQLite",
        DATABASE,
        "sqlite_file",
        (".sqlite", ".sqlite3", ".db"),
        magic=(b"SQLite format 3\0",),
        holds_tables=True,
    ),
    FileKind(
        "html",
        "HTML",
        "a web page with a table",
        "markup.html_tables",
        (),  # a page in an archive is about the tables
        holds_tables=True,
    ),
    FileKind(
        "xml-spreadsheet",
        "XML spreadsheet",
        SHEETS,
        "markup.xml_spreadsheet",
        (),
        holds_tables=True,
    ),
    FileKind("dbf", "DBF", SHAPES, "programs.dbase", (".dbf",), by_ending=True),
    FileKind(
        "shapefile",
        "shapefile",
        SHAPES,
        "programs.shapefile_zip",
        (),
        zip_ending=".shp",
        holds_tables=True,
    ),
    _statistics("stata", "Stata", ".dta", by_ending=True, magic=(b"<stata_dta>",)),
    _statistics("spss", "SPSS", ".sav", ".zsav", magic=(b"$FL2@(#)", b"$FL3@(#)")),
    _statistics("spss-portable", "SPSS", ".por", by_ending=True),
    _statistics("sas", "SAS", ".sas7bdat", magic=(SAS_MARK,)),
    _statistics("sas-transport", "SAS", ".xpt", magic=(b"HEADER RECORD*******LIB",)),
    FileKind(
        "rds",
        "R",
        "a data frame of R",
        "programs.r_data",
        (".rds",),
        magic=(b"X\n\0\0\0",),
        extra=R_DATA,
    ),
    FileKind(
        "rda",
        "R",
        "a data frame of R",
        "programs.r_data",
        (".rda", ".rdata"),
        magic=(b"RDX2\n", b"RDX3\n", b"RDA2\n", b"RDA3\n"),
        holds_tables=True,
        extra=R_DATA,
    ),
)
PACKINGS = (
    Packing("gzip", (".gz", ".tgz"), (b"\x1f\x8b",)),
    Packing("zstd", (".zst", ".zstd"), (b"\x28\xb5\x2f\xfd",)),
    Packing("bzip2", (".bz2",), (b"BZh",)),
    Packing("xz", (".xz",), (b"\xfd7zXZ\0",)),
    Packing("zip", (".zip",), (b"PK\x03\x04", b"PK\x05\x06")),
    Packing("tar", (".tar",)),
)
BY_NAME = {kind.name: kind for kind in KINDS}
TABLE_ENDINGS = {ending for kind in KINDS for ending in kind.endings}
PACKED_ENDINGS = {ending for packing in PACKINGS for ending in packing.endings}
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
    (b"{\\rtf", "a text document"),
    (b"\0\0\0\0\1Standard Jet DB", "an Access database"),
    (b"\0\1\0\0Standard Jet DB", "an Access database"),
    (b"\0\1\0\0Standard ACE DB", "an Access database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)
POINTER = b"version https://git-lfs.github.com/spec/"
PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<style")
XML = b"<?xml"
ERROR_CODE = re.compile(rb"<Error>\s*<Code>([A-Za-z]{1,40})<")  # as stores of files answer
XML_SPREADSHEET = b"urn:schemas-microsoft-com:office:spreadsheet"


def readable_kinds() -> str:
    """What can be given here, in words: ``CSV, JSON or a spreadsheet``."""
    readable = [kind for kind in KINDS if kind.extra is None or kind.extra.is_installed]
    *others, last = dict.fromkeys(kind.words for kind in readable)
    return f"{', '.join(others)} or {last}"


def recognise(path: Path, name: str) -> str:
    """The name of one of KINDS or of PACKINGS.

    ``name`` is what the file was called. Raises UnreadableTable for an empty
    file and for one that is known not to be a table.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise UnreadableTable("The file is empty: give one with a header and rows.")
    for kind in (*KINDS, *PACKINGS):
        if kind.magic and head.startswith(kind.magic):
            return _inside_zip(path) if kind.name == "zip" else kind.name
    if head[TAR_MARK] == b"ustar":
        return "tar"
    for magic, what in NOT_READ:
        if head.startswith(magic):
            raise _not_a_table(what)
    if head.startswith(POINTER):
        raise UnreadableTable(
            "This is a pointer of Git LFS, which stands for the file: give the address of the"
            " file's download button, or the file that `git lfs pull` brings."
        )
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if markup := _markup_kind(start):
        return markup
    return _text_kind(start, Path(name).suffix.lower())


def _markup_kind(start: bytes) -> str | None:
    """Raises UnreadableTable for XML that is neither a page nor a spreadsheet."""
    if start.startswith(XML):
        if XML_SPREADSHEET in start:
            return "xml-spreadsheet"
        if error := ERROR_CODE.search(start):
            raise _not_a_table(f"an error that a server answered ({error[1].decode()})")
        if b"<html" not in start.lower():
            raise _not_a_table("an XML document")
    is_page = start.lower().startswith((XML, *PAGES))
    return "html" if is_page else None


def _text_kind(start: bytes, suffix: str) -> str:
    for kind in KINDS:
        if kind.by_ending and suffix in kind.endings:
            return kind.name
    if start.startswith(b"{"):
        first, _, rest = start.partition(b"\n")
        return "ndjson" if first.rstrip().endswith(b"}") and rest.startswith(b"{") else "json"
    if suffix in BY_NAME["json"].endings or start.startswith((b"[{", b"[\n", b"[\r", b"[ ")):
        return "json"
    return "delimited"


def _inside_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            is_small = "mimetype" in names and archive.getinfo("mimetype").file_size < 200
            media_type = archive.read("mimetype").decode() if is_small else ""
    except (zipfile.BadZipFile, NotImplementedError, ValueError, RuntimeError) as error:
        raise UnreadableTable("The zip archive is damaged: pack it again.") from error
    for kind in KINDS:
        has_member = bool(kind.zip_member) and kind.zip_member in names
        ending = kind.zip_ending
        has_member |= bool(ending) and any(name.lower().endswith(ending) for name in names)
        if has_member or (media_type and media_type == kind.zip_media_type):
            return kind.name
    return "zip"


def _not_a_table(what: str) -> UnreadableTable:
    return UnreadableTable(f"This is {what}, not a table: give {readable_kinds()}.")
