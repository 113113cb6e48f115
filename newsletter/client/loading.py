"""A published table as a DataFrame."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from newsletter.client.cache import Cache
from newsletter.client.errors import NoSuchTable, NotInstalled, Unreachable, Unusable
from newsletter.client.package import SLUG, VERSION, Package
from newsletter.client.shelf import unknown
from newsletter.client.site import Site

if TYPE_CHECKING:
    import pandas
    import polars

LIBRARIES = ("pandas", "polars")


@overload
def load(
    dataset: str,
    table: str | None = ...,
    version: str | None = ...,
    using: Literal["pandas"] = ...,
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


def load(
    dataset: str,
    table: str | None = None,
    version: str | None = None,
    using: str = "pandas",
    site: str | None = None,
) -> Any:
    """A table of ``dataset``, by its slug, as a DataFrame of pandas or polars.

    ``table`` may be left out where there is but one. Without a ``version`` it is the newest
    one, which the site is asked for; a version never changes, so one that was loaded before
    comes from the cache, without a network. ``site`` is the newsletter's address, or else
    that in NEWSLETTER_SITE.

    The file's SHA-256 is checked each time. Columns keep their types; in pandas, integers and
    booleans with missing values are ``Int64`` and ``boolean``, a date is a ``datetime64`` at
    midnight, and integers too long for 64 bits are Python's. Where pandas has no pyarrow, which
    reads Parquet, the table comes as CSV: decimals of more than 15 digits are then rounded, and
    an empty text is missing.

    Raises CannotLoad: NoSuchTable, Unreachable, Damaged, NotInstalled or Unusable.
    """
    frames = _frames(using)
    opened = Site.chosen(site)
    cache = Cache(opened)
    chosen = _package(opened, cache, dataset, version).table(table)
    for format_ in frames.FORMATS:
        if file := chosen.files.get(format_):
            return frames.read(cache.file(file), format_, chosen.types)
    wanted = " or ".join(frames.FORMATS)
    raise NoSuchTable(f"{dataset} is not there as {wanted}, which {using} needs: try another.")


def _frames(using: str) -> Any:
    """The module that makes DataFrames of the library ``using``, which is imported by this."""
    if using not in LIBRARIES:
        raise Unusable(f"using={using!r} is not known: choose one of {' and '.join(LIBRARIES)}.")
    try:
        return import_module(f"newsletter.client.{using}_frames")
    except ModuleNotFoundError as error:
        if error.name != using:
            raise
        raise NotInstalled(f"{using} is not installed: run pip install {using}.") from error


def _package(site: Site, cache: Cache, slug: str, version: str | None) -> Package:
    if not SLUG.fullmatch(slug) or not (version is None or VERSION.fullmatch(version)):
        raise unknown(site, slug, version)  # of what cannot be part of an address
    kept = cache.package(slug, version) if version else None
    if kept is not None:
        return kept
    folder = f"/datasets/{slug}/v/{version}" if version else f"/datasets/{slug}"
    try:
        document = site.document(f"{folder}/datapackage.json")
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
