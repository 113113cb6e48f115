"""A published table as a DataFrame, or as rows of plain Python."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, overload

from .cache import Cache
from .errors import NoSuchTable, NotInstalled, Unreachable, Unusable, Withdrawn
from .package import SLUG, VERSION, Package
from .shelf import unknown
from .site import Site

if TYPE_CHECKING:
    import pandas
    import polars

# By what a table may be loaded with: the module that does it. The first that is installed is the
# choice of who makes none; Python always is.
READERS = {"pandas": "pandas_frames", "polars": "polars_frames", "python": "python_rows"}


@overload
def load(
    dataset: str,
    table: str | None = ...,
    version: str | None = ...,
    using: Literal["pandas"] | None = ...,
    site: str | None = ...,
) -> "pandas.DataFrame": ...


@overload
def load(
    dataset: str,
    table: str | None = ...,
    version: str | None = ...,
    *,
    using: Literal["polars"],
    site: str | None = ...,
) -> "polars.DataFrame": ...


@overload
def load(
    dataset: str,
    table: str | None = ...,
    version: str | None = ...,
    *,
    using: Literal["python"],
    site: str | None = ...,
) -> list[dict[str, Any]]: ...


def load(
    dataset: str,
    table: str | None = None,
    version: str | None = None,
    using: str | None = None,
    site: str | None = None,
) -> Any:
    """A table of ``dataset``, by its slug, as a DataFrame of pandas or polars, or as a list with a
    dict for each row.

    ``using`` is "pandas", "polars" or "python", which needs neither; without it, the first of
    these that is installed. ``table`` may be left out where there is but one. Without a
    ``version`` it is the newest one, which the site is asked for; a version never changes, so
    one that was loaded before comes from the cache, without a network. ``site`` is the
    newsletter's address, or else that in NEWSLETTER_SITE.

    The file's SHA-256 is checked each time. Columns keep their types; in pandas, integers and
    booleans with missing values are ``Int64`` and ``boolean``, a date is a ``datetime64`` at
    midnight, and integers too long for 64 bits are Python's. In rows, a missing value is None.
    Rows, and pandas without pyarrow, which reads Parquet, take the table as CSV: decimals of more
    than 15 digits are then rounded, and an empty text is missing.

    Raises CannotLoad: NoSuchTable or Withdrawn, Unreachable, Damaged, NotInstalled or Unusable.
    """
    using = using or next(library for library in READERS if _is_installed(library))
    reader = _reader(using)
    opened = Site.chosen(site)
    cache = Cache(opened)
    chosen = _package(opened, cache, dataset, version).table(table)
    for format_ in reader.FORMATS:
        if file := chosen.files.get(format_):
            return reader.read(cache.file(file), format_, chosen.types)
    wanted = " or ".join(reader.FORMATS)
    raise NoSuchTable(f"{dataset} is not there as {wanted}, which {using} needs: try another.")


def _is_installed(library: str) -> bool:
    return library == "python" or find_spec(library) is not None


def _reader(using: str) -> Any:
    """The module that makes tables ``using`` a library, which is imported by this."""
    if using not in READERS:
        raise Unusable(f"using={using!r} is not known: choose one of {', '.join(READERS)}.")
    if not _is_installed(using):
        raise NotInstalled(
            f"{using} is not installed: run pip install {using}, or leave out using={using!r}."
        )
    return import_module(f"{__package__}.{READERS[using]}")


def _package(site: Site, cache: Cache, slug: str, version: str | None) -> Package:
    if not SLUG.fullmatch(slug) or not (version is None or VERSION.fullmatch(version)):
        raise unknown(site, slug, version)  # of what cannot be part of an address
    kept = cache.package(slug, version) if version else None
    if kept is not None:
        return kept
    folder = f"/datasets/{slug}/v/{version}" if version else f"/datasets/{slug}"
    try:
        document = site.document(f"{folder}/datapackage.json")
    except Withdrawn:
        raise
    except NoSuchTable as error:
        raise unknown(site, slug, version) from error
    except Unreachable as error:
        if version is None and (versions := cache.versions(slug)):
            hint = f'version="{versions[-1]}" is on this machine and needs no network.'
            raise Unreachable(f"{error} {hint}") from error
        raise
    package = Package.read(document, slug, version)
    cache.keep(package, document)
    return package
