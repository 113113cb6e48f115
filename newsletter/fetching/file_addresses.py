"""Addresses of pages that show a file, as those of the file itself.

What is certain is rewritten; of other pages of the same sites it is said what to give instead.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from newsletter.errors import FetchRefused

Rewritten = Callable[[re.Match[str], SplitResult], str]


@dataclass(frozen=True, slots=True)
class _Page:
    """Pages of a site: by their hosts and paths."""

    host: re.Pattern[str]
    path: re.Pattern[str]
    file: Rewritten | None = None  # the address of the file, where it is certain
    advice: str = ""  # what to give instead, where it is not


def direct_address(url: str) -> str:
    """The address of the file that ``url`` shows; ``url`` itself if it is no known page.

    Raises FetchRefused for a page that shows no one file, with what to give instead.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return url  # which is refused for its spelling, by who asks
    for page in PAGES:
        path = page.path.fullmatch(parts.path)
        if path is None or not page.host.fullmatch(host):
            continue
        if page.file is None:
            raise FetchRefused(page.advice)
        return page.file(path, parts)
    return url


def _path(template: str) -> Rewritten:
    """The same site's address with another path, and no query."""
    return lambda path, parts: urlunsplit(
        (parts.scheme, parts.netloc, path.expand(template), "", "")
    )


def _with(**options: str) -> Rewritten:
    """The same address with other ``options`` in its query."""
    return lambda _, parts: urlunsplit(
        parts._replace(query=urlencode(_query(parts) | options), fragment="")
    )


def _query(parts: SplitResult) -> dict[str, str]:
    return dict(parse_qsl(parts.query, keep_blank_values=True))


def _google_sheet(path: re.Match[str], parts: SplitResult) -> str:
    sheet = dict(parse_qsl(parts.fragment)).get("gid") or _query(parts).get("gid")
    query: Mapping[str, str] = {"format": "csv"} | ({"gid": sheet} if sheet else {})
    return urlunsplit(("https", parts.netloc, path.expand(r"\1/export"), urlencode(query), ""))


def _google_file(path: re.Match[str], parts: SplitResult) -> str:
    query = urlencode({"export": "download", "id": path[1]})
    return urlunsplit(("https", parts.netloc, "/uc", query, ""))


def _figshare(_path: re.Match[str], parts: SplitResult) -> str:
    file = _query(parts).get("file", "")
    if not file.isdecimal():
        raise FetchRefused(
            "This is a page of figshare: give the address of its file’s download button."
        )
    return f"https://ndownloader.figshare.com/files/{file}"


PAGES = (
    _Page(
        re.compile(r"github\.com"), re.compile(r"/([^/]+/[^/]+)/blob/(.+)"), _path(r"/\1/raw/\2")
    ),
    _Page(
        re.compile(r"github\.com"),
        re.compile(r"/[^/]+/[^/]+(/tree/.*)?/?"),
        advice="This is the page of a repository: open the file there and give its address.",
    ),
    _Page(
        re.compile(r"gist\.github\.com"), re.compile(r"/([^/]+/[0-9a-f]{20,})/?"), _path(r"/\1/raw")
    ),
    _Page(re.compile(r"gitlab\.com"), re.compile(r"/(.+)/-/blob/(.+)"), _path(r"/\1/-/raw/\2")),
    _Page(
        re.compile(r"codeberg\.org"), re.compile(r"/([^/]+/[^/]+)/src/(.+)"), _path(r"/\1/raw/\2")
    ),
    _Page(
        re.compile(r"huggingface\.co"),
        re.compile(r"/((datasets|spaces)/.+?|[^/]+/[^/]+)/blob/(.+)"),
        _path(r"/\1/resolve/\3"),
    ),
    _Page(
        re.compile(r"huggingface\.co"),
        re.compile(r"/datasets/[^/]+/[^/]+(/tree/.*|/viewer.*)?/?"),
        advice="This is the page of a dataset: open a file under “Files and versions” and give"
        " its address.",
    ),
    _Page(
        re.compile(r"docs\.google\.com"),
        re.compile(r"(/spreadsheets/d/e/[^/]+)/pubhtml"),
        lambda path, parts: urlunsplit(
            ("https", parts.netloc, path.expand(r"\1/pub"), "output=csv", "")
        ),
    ),
    _Page(
        re.compile(r"docs\.google\.com"),
        re.compile(r"(/spreadsheets/(?:u/\d/)?d/(?!e/)[^/]+)(/(edit|view|htmlview))?/?"),
        _google_sheet,
    ),
    _Page(re.compile(r"drive\.google\.com"), re.compile(r"/file/d/([^/]+)(/.*)?"), _google_file),
    _Page(re.compile(r"dropbox\.com"), re.compile(r"/(s|scl/fi)/.+"), _with(dl="1")),
    _Page(
        re.compile(r"[a-z0-9-]+\.sharepoint\.com"), re.compile(r"/:[a-z]:/.+"), _with(download="1")
    ),
    _Page(
        re.compile(r"1drv\.ms|onedrive\.live\.com"),
        re.compile(r"/.*"),
        advice="OneDrive shows the file on a page: download it there and give the file itself.",
    ),
    _Page(
        re.compile(r"zenodo\.org"),
        re.compile(r"/(?:records?)/(\d+)/files/([^/]+)(/.*)?"),
        _path(r"/records/\1/files/\2"),
    ),
    _Page(
        re.compile(r"zenodo\.org"),
        re.compile(r"/(records?|doi)/.*"),
        advice="This is the page of a record: give the address of a file’s download button on it.",
    ),
    _Page(re.compile(r"figshare\.com"), re.compile(r"/articles/.+"), _figshare),
    _Page(
        re.compile(r"kaggle\.com"),
        re.compile(r"/(datasets|competitions|c)/.*"),
        advice="Kaggle asks who downloads to sign in: download the file there and give it itself.",
    ),
)
