"""The files that a post can be taken away as: adding one is a writer in a module beside this,
and an entry here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.errors import NotFound
from newsletter.models.post import Post
from newsletter.posts.downloads.markdown import markdown_file
from newsletter.posts.downloads.notebook import notebook_file
from newsletter.posts.downloads.script import python_script, r_script, sql_script
from newsletter.posts.downloads.work import Work, work_of
from newsletter.posts.languages import BY_NAME
from newsletter.storage import Storage


@dataclass(frozen=True, slots=True)
class Download:
    """``suffix`` as it ends the address, such as ``py``; ``write`` makes the text of the file."""

    suffix: str
    label: str
    media_type: str
    write: Callable[[Work, Storage], str]
    language: str = ""  # of the posts that have it; empty: all have


DOWNLOADS = (
    Download(BY_NAME["python"].script, "Python script", "text/x-python", python_script, "python"),
    Download(BY_NAME["sql"].script, "SQL script", "application/sql", sql_script, "sql"),
    Download(BY_NAME["r"].script, "R script", "text/x-r", r_script, "r"),
    Download("ipynb", "Jupyter notebook", "application/x-ipynb+json", notebook_file),
    Download("md", "Markdown", "text/markdown", markdown_file),
)


def downloads_of(post: Post) -> list[Download]:
    """The files that ``post`` has, a script in its own language first."""
    return [kind for kind in DOWNLOADS if kind.language in ("", post.language)]


def download(post: Post, suffix: str, base_url: str, storage: Storage) -> tuple[Download, str]:
    """One of them, and its text. Raises NotFound for a file that it does not have."""
    for offered in downloads_of(post):
        if offered.suffix == suffix:
            return offered, offered.write(work_of(post, base_url), storage)
    raise NotFound(f"A post in {post.language} is not kept as .{suffix}.")
