"""A post as a Jupyter notebook: front matter in a raw cell, then its cells with outputs."""

from newsletter.posts.written import Written


def read(content: bytes) -> Written:
    """The post that the notebook ``content`` is. Raises UnreadablePost with one sentence."""
    raise NotImplementedError
