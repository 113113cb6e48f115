"""Addresses that open a post's notebook elsewhere in the browser, to be looked at or run.

Both fetch the notebook from here themselves: it has to be on https, and readable by any
origin.
"""

from urllib.parse import quote

from newsletter.catalog.external_viewers import Explorer, explorers
from newsletter.models.post import Post

COLAB = "https://colab.research.google.com/#fileId="
NBVIEWER = "https://nbviewer.org/urls/"


def places(post: Post, base_url: str) -> list[Explorer]:
    """Where ``post`` and the first table that it reads can be opened; none while the site is
    not on https."""
    if not base_url.startswith("https://"):
        return []
    notebook = f"{base_url}/posts/{post.slug}.ipynb"
    version = post.version
    return [
        Explorer("Colab", f"{COLAB}{quote(notebook, safe='')}", "run it, change it"),
        Explorer("nbviewer", f"{NBVIEWER}{quote(notebook.removeprefix('https://'))}", "read it"),
        *explorers(base_url, version.dataset.slug, version.number, next(iter(post.data))),
    ]
