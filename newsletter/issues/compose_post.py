"""From a post to what its mailing says: so much of it as no mail program cuts off."""

from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Any

from newsletter.catalog import markdown
from newsletter.catalog.data_paths import with_addresses
from newsletter.catalog.describe.loaders import table_url
from newsletter.errors import Invalid
from newsletter.mailing.content import Link, Prose
from newsletter.mailing.post_blocks import Blocks
from newsletter.mailing.post_content import PostContent
from newsletter.mailing.render import HTML_BYTES, html_bytes
from newsletter.mailing.styled import styled
from newsletter.models.dataset import Version
from newsletter.models.issue import Issue
from newsletter.models.post import Post, RunStatus
from newsletter.posts.languages import BY_NAME, LANGUAGES, language_name
from newsletter.settings import Settings
from newsletter.storage import Storage

BLOCKS_AT_MOST = 120
QUESTION_AT_MOST = 300  # characters


def compose_post(issue: Issue, settings: Settings, storage: Storage) -> PostContent:
    """What ``issue`` says of its post. Raises Invalid if it has none."""
    post = issue.post
    if post is None:
        raise Invalid(f"The mailing of {issue.slot} has no post: cancel it.")
    base_url, version = settings.base_url, post.version
    dataset = f"{base_url}/datasets/{version.dataset.slug}"
    page = f"{base_url}/posts/{post.slug}"
    blocks = Blocks(
        storage,
        partial(with_addresses, version=version, base_url=base_url),
        f"{issue.date}@{post.slug}",
    )
    made = chain.from_iterable(map(blocks.of_cell, post.cells))
    content = PostContent(
        date=issue.date,
        list_title=settings.title,
        base_url=base_url,
        from_address=settings.mail_from,
        postal_address=settings.postal_address,
        subject=issue.title,
        preheader=issue.preheader or _question(post),
        title=post.title,
        question=_question(post),
        language=language_name(post.language),
        words=_prose(issue.intro) if issue.intro else None,
        blocks=tuple(islice(made, BLOCKS_AT_MOST)),
        folded="",
        author=post.author,
        author_url=post.author_url,
        credit=post.credit,
        license=post.license,
        ran=_ran(post),
        corrected=_corrected(version),
        dataset=Link(version.title, f"{dataset}/v/{version.number}/"),
        version=version.number,
        tables=tuple(
            Link(table.name, table_url(base_url, version.dataset.slug, version.number, table.name,
                                       "csv"))
            for table in version.tables
        ),
        downloads=(
            Link("Notebook", f"{page}.ipynb"),
            Link("Script", f"{page}.{BY_NAME[post.language].script}"),
        ),
        page_url=page,
    )  # fmt: skip
    return _fitted(content, _blocks_in(post.cells))


def _fitted(content: PostContent, total: int) -> PostContent:
    """``content`` with as many of its blocks as HTML_BYTES have room for; ``total``: how many
    the whole post would have."""

    def with_first(count: int) -> PostContent:
        left = total - count
        return replace(
            content,
            blocks=content.blocks[:count],
            folded=f"The rest of it ({left:,} more part{'' if left == 1 else 's'})" if left else "",
        )

    fits, too_many = 0, len(content.blocks) + 1
    at = len(content.blocks)
    while at > fits:
        if html_bytes(with_first(at)) <= HTML_BYTES:
            fits = at
        else:
            too_many = at
        at = (fits + too_many) // 2
    return with_first(fits)


def _blocks_in(cells: list[Any]) -> int:
    return sum(1 + len(cell.get("outputs", ())) for cell in cells)


def _question(post: Post) -> str:
    question = " ".join(post.question.split())
    if len(question) <= QUESTION_AT_MOST:
        return question
    return question[: QUESTION_AT_MOST - 1] + "…"


def _prose(text: str) -> Prose:
    return Prose(styled(markdown.render(text)), markdown.plain(text))


def _ran(post: Post) -> str:
    run = post.last_run
    if run is None or run.status is not RunStatus.RAN:
        return ""
    day = f"{run.at.day} {run.at:%B %Y}"
    ordered = sorted(run.versions.items(), key=lambda pair: (pair[0] not in BY_NAME, pair[0]))
    titles = {language.name: language.title for language in LANGUAGES}
    versions = ", ".join(f"{titles.get(name, name)} {number}" for name, number in ordered)
    return f"Ran on {day} with {versions}." if versions else f"Ran on {day}."


def _corrected(version: Version) -> str:
    erratum = version.erratum
    if erratum is None:
        return ""
    return f"{erratum.note} Version {erratum.corrected_by.number} of the data corrects it."
