"""A post as a fact of its dataset, for the formats that describe datasets."""

from newsletter.catalog.describe.facts import Party, WorkFacts
from newsletter.models.post import Post

LANGUAGES = {"python": "Python", "sql": "SQL", "r": "R"}


def work_facts(post: Post, base_url: str) -> WorkFacts:
    return WorkFacts(
        title=post.title,
        question=post.question,
        url=f"{base_url}/posts/{post.slug}",
        author=Party(post.author, post.author_url),
        language=LANGUAGES.get(post.language, post.language),
        license=post.license,
        published=post.published_at or post.modified_at,
    )
