"""A post as Markdown, as one is written: front matter, prose, and code between fences."""

import re

import yaml

from newsletter.posts.cells import Code, Prose
from newsletter.posts.downloads.work import Work
from newsletter.storage import Storage

FENCES = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


def markdown_file(work: Work, _storage: Storage) -> str:
    """It reads back as the same post."""
    post = work.post
    front = {
        "title": post.title,
        "question": post.question,
        "author": post.author,
        "author_url": post.author_url,
        "credit": post.credit,
        "license": post.license,
        "language": post.language,
        "version": post.version.number,
        "slug": post.slug,
        "data": dict(post.data),
        "requires": list(post.requires),
    }
    written = yaml.safe_dump(
        {name: value for name, value in front.items() if value}, sort_keys=False, allow_unicode=True
    )
    parts = [
        cell.markdown.strip() if isinstance(cell, Prose) else _fenced(cell) for cell in work.cells
    ]
    return f"---\n{written}---\n\n" + "\n\n".join(parts) + "\n"


def _fenced(cell: Code) -> str:
    longest = max((len(fence) for fence in FENCES.findall(cell.source)), default=2)
    fence = "`" * max(3, longest + 1)
    info = cell.language if cell.runs else f"{cell.language} no-run"
    return f"{fence}{info}\n{cell.source.rstrip()}\n{fence}"
