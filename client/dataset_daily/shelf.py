"""What a newsletter has published."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from .errors import Damaged, NoSuchTable
from .site import Site

INDEX = "/index.json"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset by its newest version. ``published`` is when that came out, in UTC."""

    slug: str
    title: str
    summary: str
    version: str
    license: str
    url: str
    published: datetime
    keywords: tuple[str, ...]
    tables: tuple[str, ...]


def datasets(site: str | None = None) -> list[Dataset]:
    """Every dataset of the newsletter at ``site`` (or NEWSLETTER_SITE), by title.

    Raises CannotLoad.
    """
    return listed(Site.chosen(site))


def latest(site: str | None = None) -> Dataset:
    """The dataset that was published last: ``load(latest().slug)`` is its table.

    Raises CannotLoad; NoSuchTable where nothing is published yet.
    """
    published = datasets(site)
    if not published:
        raise NoSuchTable("The newsletter has published no dataset yet: look again on a Monday.")
    return max(published, key=lambda dataset: dataset.published)


def listed(site: Site) -> list[Dataset]:
    document = site.document(INDEX)
    try:
        return [_dataset(entry) for entry in document["datasets"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(
            f"{site.address}{INDEX} lists no datasets: is {site.address} a newsletter?"
        ) from error


def unknown(site: Site, slug: str, version: str | None) -> NoSuchTable:
    """What is wrong with the name or the number of what ``site`` does not have."""
    newest = {dataset.slug: dataset.version for dataset in listed(site)}
    if slug in newest:
        return NoSuchTable(f"{slug} has no version {version}: the newest is {newest[slug]}.")
    near = get_close_matches(slug.lower(), newest, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "datasets() lists those there are."
    return NoSuchTable(f"{site.address} has no dataset {slug!r}: {hint}")


def _dataset(entry: Mapping[str, Any]) -> Dataset:
    return Dataset(
        slug=entry["slug"],
        title=entry["title"],
        summary=entry["summary"],
        version=entry["version"],
        license=entry["license"],
        url=entry["url"],
        published=datetime.fromisoformat(entry["published"]),
        keywords=tuple(entry["keywords"]),
        tables=tuple(table["name"] for table in entry["tables"]),
    )
