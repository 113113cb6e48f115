"""Posts as /index.json lists them."""

from typing import Any

from newsletter.models.post import Post
from newsletter.posts.downloads.files import downloads_of
from newsletter.web.context import public_url
from newsletter.web.site.posts.posts import published_at


def listed_post(post: Post) -> dict[str, Any]:
    version, run = post.version, post.last_run
    return {
        "slug": post.slug,
        "title": post.title,
        "question": post.question,
        "url": public_url("posts.page", slug=post.slug),
        "dataset": version.dataset.slug,
        "version": version.number,
        "data": post.data,
        "columns": post.columns,
        "language": post.language,
        "requires": post.requires,
        "author": post.author,
        "license": post.license,
        "keywords": version.keywords,
        "published": published_at(post).isoformat(),
        "modified": post.modified_at.isoformat(),
        "last_run": run
        and {"status": run.status.value, "at": run.at.isoformat(), "versions": run.versions},
        "files": {
            file.suffix: public_url("posts.file", slug=post.slug, suffix=file.suffix)
            for file in downloads_of(post)
        },
    }
