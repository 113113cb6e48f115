"""Which files a post can be taken away as, and each of them."""

from collections.abc import Callable
from dataclasses import dataclass

from newsletter.errors import NotFound
from newsletter.models.post import Post
from newsletter.posts.downloads.markdown import markdown_file
from newsletter.posts.downloads.notebook import notebook_file
from newsletter.posts.downloads.script import python_script, r_script, sql_script
from newsletter.posts.downloads.work import Work, work_of
from newsletter.storage import Storage


@dataclass(frozen=True, slots=True)
class Download:
    """``suffix`` as it ends the address, such as ``py``."""

    suffix: str
    label: str
    media_type: str


SCRIPTS = {
    "python": Download("py", "Python script", "text/x-python"),
    "sql": Download("sql", "SQL script", "application/sql"),
    "r": Download("R", "R script", "text/x-r"),
}
NOTEBOOK = Download("ipynb", "Jupyter notebook", "application/x-ipynb+json")
MARKDOWN = Download("md", "Markdown", "text/markdown")
SUFFIXES = ("py", "ipynb", "md", "sql", "R")

_WRITERS: dict[str, Callable[[Work], str]] = {
    "py": python_script,
    "sql": sql_script,
    "R": r_script,
    "md": markdown_file,
}


def downloads_of(post: Post) -> list[Download]:
    """The files that ``post`` has, a script in its own language first."""
    return [SCRIPTS[post.language], NOTEBOOK, MARKDOWN]


def download(post: Post, suffix: str, base_url: str, storage: Storage) -> tuple[Download, str]:
    """One of them, and its text. Raises NotFound for a file that it does not have."""
    for offered in downloads_of(post):
        if offered.suffix == suffix:
            work = work_of(post, base_url)
            if offered is NOTEBOOK:
                return offered, notebook_file(work, storage)
            return offered, _WRITERS[suffix](work)
    raise NotFound(f"A post in {post.language} is not kept as .{suffix}.")
