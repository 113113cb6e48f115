"""From what is kept of an issue and its dataset to what the issue says.

Reads the database and the storage, changes neither; what to say and in which
order is decided here, how it looks in templates/email.
"""

import struct

from sqlalchemy.orm import Session

from newsletter.catalog import markdown
from newsletter.catalog.describe.citation import CitationFacts, in_words, plain
from newsletter.catalog.describe.loaders import loaders
from newsletter.errors import Invalid
from newsletter.issues import calendar
from newsletter.issues.compose_correction import compose_correction
from newsletter.issues.compose_post import compose_post
from newsletter.issues.round_up import posts_of
from newsletter.mailing.content import (
    ColumnSketch,
    Fact,
    InlineImage,
    IssueContent,
    Link,
    Loader,
    PostLink,
    Preview,
    Prose,
)
from newsletter.mailing.render import AnyContent
from newsletter.mailing.styled import spaced
from newsletter.models.dataset import Table, Version
from newsletter.models.issue import Issue, Kind
from newsletter.models.post import Post
from newsletter.posts.languages import language_name
from newsletter.settings import Settings
from newsletter.storage import Storage
from newsletter.tables.profiling.profile_text import sparkline, summary

CHART_WIDTH = 560  # CSS pixels: the width of the mail's text
PREVIEW_ROWS = 5
PREVIEW_COLUMNS = 7
COLUMNS_AT_MOST = 8
CELL_AT_MOST = 40  # characters
LOADERS = ("pandas", "Polars", "DuckDB", "R")
KILO = 1000


def compose(session: Session, issue: Issue, settings: Settings, storage: Storage) -> AnyContent:
    """What ``issue`` says as things stand. Raises Invalid if it has no dataset or no post, or
    if it is a correction of nothing."""
    match issue.kind:
        case Kind.REGULAR:
            return _compose_issue(session, issue, settings, storage)
        case Kind.POST:
            return compose_post(issue, settings, storage)
        case Kind.CORRECTION:
            return compose_correction(session, issue, settings, storage)


def _compose_issue(
    session: Session, issue: Issue, settings: Settings, storage: Storage
) -> IssueContent:
    version = issue.version
    if version is None or not version.tables:
        raise Invalid(f"The issue of {issue.date} has no dataset with a table: choose one.")
    table = version.tables[0]
    page = f"{settings.base_url}/datasets/{version.dataset.slug}"
    files = f"{page}/v/{version.number}/{table.name}"
    return IssueContent(
        kind=issue.kind.value,
        date=issue.date,
        list_title=settings.title,
        base_url=settings.base_url,
        from_address=settings.mail_from,
        postal_address=settings.postal_address,
        subject=issue.subject or version.title,
        preheader=issue.preheader or version.summary,
        title=version.title,
        slug=version.dataset.slug,
        version=version.number,
        why=_prose(issue.intro or version.description),
        chart=_chart(issue, version, storage),
        glance=tuple(_glance(version, table)),
        preview=_preview(table),
        columns=tuple(_columns(table)),
        questions=tuple(version.questions),
        caveats=tuple(version.caveats),
        csv_url=f"{files}.csv",
        parquet_url=f"{files}.parquet",
        page_url=page,
        loaders=tuple(
            Loader(loader.label, loader.code)
            for loader in loaders(
                settings.base_url, version.dataset.slug, version.number, table.name
            )
            if loader.label in LOADERS
        ),
        credit=_credit(version),
        citation=version.citation or plain(_citation(version, page)),
        previous=_previous(session, issue, settings),
        posts=tuple(_post_link(post, settings) for post in posts_of(session, issue, settings)),
    )


def _prose(text: str) -> Prose:
    return Prose(spaced(markdown.render(text)), markdown.plain(text))


def _chart(issue: Issue, version: Version, storage: Storage) -> InlineImage | None:
    if version.chart_png is None:
        return None
    with storage.open(version.chart_png) as file:
        png = file.read()
    width, height = struct.unpack(">II", png[16:24])  # PNG, 11.2.2
    return InlineImage(
        cid=f"chart.{issue.date}@{version.dataset.slug}",
        png=png,
        width=CHART_WIDTH,
        height=round(height * CHART_WIDTH / width),
        alt=version.chart_alt,
    )


def _glance(version: Version, table: Table) -> list[Fact]:
    facts = [Fact("Size", f"{table.rows:,} rows × {len(table.columns)} columns")]
    if len(version.tables) > 1:
        others = ", ".join(f"{t.name} ({t.rows:,} rows)" for t in version.tables[1:])
        facts.append(Fact("Also", others))
    sizes = ", ".join(
        f"{readable_size(table.files[kind]['bytes'])} as {name}"
        for kind, name in (("csv", "CSV"), ("parquet", "Parquet"))
    )
    facts.append(Fact("Download", sizes))
    facts.append(
        Fact("Licence", version.license or "", f"https://spdx.org/licenses/{version.license}.html")
    )
    coverage = ", ".join(filter(None, (version.spatial, in_words(version.temporal or ""))))
    if coverage:
        facts.append(Fact("Coverage", coverage))
    facts += [
        Fact("Source", ", ".join(filter(None, (s["title"], s.get("publisher")))), s["url"])
        for s in version.sources
    ]
    return facts


def readable_size(size: int) -> str:
    """A size in bytes as people say it: 14 kB, 2.1 MB."""
    if size < KILO:
        return f"{size} bytes"
    for unit in ("kB", "MB", "GB"):
        size_in_unit = size / KILO
        if size_in_unit < KILO or unit == "GB":
            return (
                f"{size_in_unit:.0f} {unit}" if size_in_unit >= 10 else f"{size_in_unit:.1f} {unit}"
            )
        size = round(size_in_unit)
    raise AssertionError


def _preview(table: Table) -> Preview:
    names = tuple(column["name"] for column in table.columns[:PREVIEW_COLUMNS])
    rows = tuple(
        tuple(_cell(cell) for cell in row[: len(names)]) for row in table.preview[:PREVIEW_ROWS]
    )
    return Preview(names, rows)


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= CELL_AT_MOST else f"{text[: CELL_AT_MOST - 1]}…"


def _columns(table: Table) -> list[ColumnSketch]:
    profiles = {column["name"]: column for column in table.profile["columns"]}
    return [
        ColumnSketch(
            name=column["name"],
            type=", ".join(filter(None, (column["type"], column.get("unit")))),
            description=column.get("description") or "",
            profile=summary(profiles[column["name"]], column.get("unit")),
            bars=tuple(sparkline(profiles[column["name"]])),
        )
        for column in table.columns[:COLUMNS_AT_MOST]
    ]


def _credit(version: Version) -> str:
    credit = version.credit or {}
    parts = []
    if credit.get("curator"):
        parts.append(f"Curated by {credit['curator']}.")
    if credit.get("hat_tip"):
        parts.append(f"Thanks to {credit['hat_tip']}.")
    if version.creators:
        parts.append(f"Data by {', '.join(c['name'] for c in version.creators)}.")
    return " ".join(parts)


def _citation(version: Version, page: str) -> CitationFacts:
    return CitationFacts(
        title=version.title,
        creators=tuple(creator["name"] for creator in version.creators),
        year=(version.published_at or version.created_at).year,
        version=version.number,
        publisher=version.sources[0].get("publisher") or "" if version.sources else "",
        url=page,
        license=version.license or "",
    )


def _post_link(post: Post, settings: Settings) -> PostLink:
    return PostLink(
        title=post.title,
        question=post.question,
        language=language_name(post.language),
        url=f"{settings.base_url}/posts/{post.slug}",
    )


def _previous(session: Session, issue: Issue, settings: Settings) -> Link | None:
    earlier = calendar.previous_on_topic(session, issue)
    if earlier is None or earlier.version is None:
        return None
    return Link(
        earlier.subject or earlier.version.title, f"{settings.base_url}/issues/{earlier.slot}"
    )
