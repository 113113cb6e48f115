"""Every public address that a newsletter has, by the routes themselves and what is kept: a route
that is added is walked, too, or the walk says that it does not know a part of its address.
"""

import gzip
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pyarrow.parquet
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from newsletter.catalog.checks.files import stored_files
from newsletter.installation import Installation
from newsletter.models import Dataset, Issue, Post, Submission
from newsletter.models.dataset import Version
from newsletter.posts.downloads.files import DOWNLOADS
from newsletter.tables.table_formats import MEDIA_TYPES
from newsletter.web.site.showcase import SHORT
from tests.conftest import BASE_URL

# Not about data: what is the program's own, or opens with a signed link alone.
LEFT_OUT = re.compile(r"/(admin|static|health|assets|confirm|preferences|unsubscribe|hooks)\b")
QUERIES: Mapping[str, tuple[str, ...]] = {
    "datasets.index": ("?q={word}", "?keyword={keyword}"),
    "posts.index": ("?q={word}", "?keyword={keyword}", "?column={column}"),
    "archive.index": ("?keyword={keyword}",),
    "descriptions.index": ("?column={column}",),
    "rows.part": ("?_sort={column}",),
    "rows.csv_file": ("?_sort={column}",),
    **{
        f"feeds.{kind}": tuple(f"?kind={of}" for of in ("datasets", "posts", "corrections"))
        for kind in ("atom", "rss", "json_feed")
    },
}


@dataclass(frozen=True, slots=True)
class Walk:
    """``word``, ``keyword`` and ``column`` are looked for: no page may find what is not public
    by them."""

    app: Flask
    opened: Installation
    word: str
    keyword: str
    column: str

    def answers(self) -> Iterator[tuple[str, TestResponse]]:
        """Each address, and what it answers to who has no cookie."""
        for path in self.addresses():
            yield path, self.app.test_client().get(path, base_url=BASE_URL, buffered=True)

    def addresses(self) -> Iterator[str]:
        words = {"word": self.word, "keyword": self.keyword, "column": self.column}
        with self.opened.db.read() as session:
            parts = _parts(session)
        for rule in self.app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or LEFT_OUT.match(rule.rule):
                continue
            of_posts = {"slug": parts["post"]} if rule.endpoint.startswith("posts.") else {}
            names = sorted(rule.arguments)
            for chosen in product(*((parts | of_posts)[name] for name in names)):
                path = _built(rule, dict(zip(names, chosen, strict=True)))
                if path is None:
                    continue
                yield path
                for query in QUERIES.get(rule.endpoint, ()):
                    yield path + query.format(**words)


def _built(rule: Rule, values: dict[str, Any]) -> str | None:
    """None: it is of another kind than this route has."""
    try:
        built = rule.build(values, append_unknown=False)
    except ValueError:
        return None
    return built[1] if built else None


def _parts(session: Session) -> dict[str, list[Any]]:
    """What the parts of addresses can be, drafts and what is gone too."""
    versions = session.scalars(select(Version).order_by(Version.id)).all()
    numbers = sorted({version.number for version in versions})
    keys = session.scalars(select(Submission.file_key)).all()
    figures = ["figure-1", "chart"]
    return {
        "slug": list(session.scalars(select(Dataset.slug))),
        "post": list(session.scalars(select(Post.slug))),
        "number": [*numbers, 1],
        "before": numbers,
        "after": numbers,
        "table": sorted({table.name for version in versions for table in version.tables}),
        "kind": [*MEDIA_TYPES, "png", "svg"],
        "suffix": [kind.suffix for kind in DOWNLOADS],
        "day": [issue.slot for issue in session.scalars(select(Issue))],
        "name": figures,
        "file": [key[:SHORT] for key in keys if key],
    }


def text_of(answer: TestResponse) -> str:
    """All that a body says, Parquet too, in lower case."""
    body = answer.data
    if answer.content_encoding == "gzip":
        body = gzip.decompress(body)
    return readable(body)


def readable(content: bytes) -> str:
    if content.startswith(b"PAR1"):
        table = pyarrow.parquet.read_table(io.BytesIO(content))
        return f"{table.schema} {table.to_pylist()}".casefold()
    return content.decode("utf-8", "replace").casefold()


def stored(opened: Installation) -> Iterator[tuple[str, str]]:
    """The name of each file in storage, and what it says."""
    for path in sorted(opened.storage.root.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield path.name, readable(gzip.decompress(content) if path.suffix == ".gz" else content)


def keys_of(version: Version) -> set[str]:
    return {file.key for file in stored_files(version)}
