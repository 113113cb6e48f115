"""A post in Markdown: front matter, prose, and fences of code."""

from newsletter.posts.written import Written


def read(text: str) -> Written:
    """The post that ``text`` is. Raises UnreadablePost with the line."""
    raise NotImplementedError
