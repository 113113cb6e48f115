"""Row "stored XSS": notebook outputs, and every text of a post, that carry markup or scripts.

Each payload is in every place of a notebook that a browser could take for markup: its front
matter, Markdown, code, and outputs of each kind. Seen as cells, on the page and in the feeds.
"""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from newsletter.catalog.markdown import render
from newsletter.installation import Installation
from newsletter.posts import posts
from newsletter.posts.cells import Code, Figure, Html, Prose
from newsletter.posts.intake import ImportedPost, PostFile, import_post
from newsletter.storage import Storage
from tests import factories
from tests.posts import written
from tests.posts.written import code, display, prose, stream

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
PAYLOADS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "<svg><script>alert&#40;1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><b title='--&gt;&lt;b onclick=a()&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='//evil.example/'>x</a><a href='/admin/curators'>y</a>",
    "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object><embed src=javascript:alert(1)>",
    "<body onload=alert(1)><style>@import 'http://evil.example/x.css';</style>",
    "<p style='background:url(javascript:alert(1))' onclick=alert(1)>x</p>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><base href=//evil.example/>",
    "<details open ontoggle=alert(1)><input autofocus onfocus=alert(1)></details>",
    "<form action=javascript:alert(1)><button formaction=javascript:alert(1)>x</button></form>",
    "<table><tr><td background=javascript:alert(1)><script>alert(1)</script>cell</table>",
    "<table><tr><td>&lt;script&gt;alert(1)&lt;/script&gt;</td></tr></table>",
    "</textarea></title></style></script><script>alert(1)</script>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<template><script>alert(1)</script></template>",
    "<plaintext><script>alert(1)</script>",
    "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
    "{{config}} {% import os %} ${alert(1)}",
]
INERT = {"http", "https", "mailto"}


def hostile(text: str, checksum: str) -> bytes:
    """A notebook with ``text`` in every place."""
    line = " ".join(text.split()) or "x"
    error = {"output_type": "error", "ename": text, "evalue": text, "traceback": [text]}
    kinds = (
        *("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png"),
        *("image/jpeg", "application/javascript", "application/json", "application/pdf"),
        *("application/vnd.plotly.v1+json", "application/vnd.jupyter.widget-view+json", "x/y"),
    )
    forged = [display({kind: text}, **{kind: {"width": text}}) for kind in kinds]
    return written.notebook(
        prose(text),
        prose(f"# {line}\n\n> {line}\n\n- {line}\n\n|{line}|\n|-|\n|{line}|\n\n```{line}\n```"),
        code(text, stream(text), error, *forged, display({text: text}), alt=text),
        code(f"# alt: {line}\nplot()", display({"image/png": written.PNG})),
        title=f"A title {line}"[:120].strip(),
        question=line,
        author=line[:120].strip(),
        credit=line,
        data={"penguins": checksum},
    )


def taken(content: bytes, storage: Storage) -> ImportedPost:
    return import_post(PostFile("01-x.ipynb", content), storage)


@pytest.fixture
def storage(installation: Installation) -> Storage:
    return installation.storage


@pytest.fixture(params=PAYLOADS, ids=range(len(PAYLOADS)))
def attacked(request: pytest.FixtureRequest, installation: Installation) -> ImportedPost:
    """A published post on the penguins with one payload everywhere."""
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage)
        checksum = version.tables[0].files["csv"]["sha256"]
        post = taken(_printable(hostile(str(request.param), checksum)), installation.storage)
        posts.publish(posts.upsert(session, version, post, NOW), NOW)
    return post


def _printable(content: bytes) -> bytes:
    """Front matter is YAML, which holds no controls."""
    whole = json.loads(content)
    front = whole["cells"][0]
    front["source"] = "".join(s for s in front["source"] if s in "\n\t" or s.isprintable())
    return json.dumps(whole).encode()


def test_cells_hold_no_live_markup(attacked: ImportedPost, client: FlaskClient) -> None:
    for cell in attacked.cells:
        shown = cell.outputs if isinstance(cell, Code) else (cell,)
        for output in shown:
            if isinstance(output, Prose):
                assert_inert(str(render(output.markdown)))
            if isinstance(output, Html):
                assert_inert(output.html)
    page = client.get("/posts/penguins-x")
    assert page.status_code == 200
    assert_inert(page.text, ours=True)
    for item in client.get("/feed.json").get_json()["items"]:
        assert_inert(item["content_html"])


def test_only_a_real_picture_becomes_a_figure(storage: Storage) -> None:
    for payload in PAYLOADS[:3]:
        post = taken(_printable(hostile(payload, "0" * 64)), storage)
        drawn = [o for c in post.cells if isinstance(c, Code) for o in c.outputs]
        (figure,) = (output for output in drawn if isinstance(output, Figure))
        with storage.open(figure.key) as file:
            assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def assert_inert(html: str, ours: bool = False) -> None:
    """A browser that shows ``html`` runs nothing, fetches nothing of others and sends nothing."""
    page = BeautifulSoup(html, "html.parser")
    for tag in page.find_all(True):
        assert isinstance(tag, Tag)
        if not ours:
            assert tag.name not in ACTING, tag
        elif tag.name in {"iframe", "object", "embed", "base", "math", "template"}:
            raise AssertionError(tag)
        elif tag.name == "script" and tag.get("type") != "application/ld+json":
            assert str(tag.get("src", "")).startswith("/static/"), tag
        for name, value in tag.attrs.items():
            _assert_inert_attribute(name, str(value), tag)


ACTING = {
    *("script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "button"),
    *("link", "meta", "base", "template", "noscript", "video", "audio", "details", "textarea"),
}


def _assert_inert_attribute(name: str, value: str, tag: Tag) -> None:
    assert not name.startswith("on"), tag
    assert name not in {"srcdoc", "formaction", "background", "xlink:href", "http-equiv"}, tag
    if name in {"href", "src", "action"}:
        scheme, colon, _ = value.partition(":")
        local = value.startswith(("/", "#", "?", "https://news.example.org")) or not colon
        assert local or scheme in INERT, tag
        assert not value.startswith("//"), tag


class Canary:
    """A server on loopback that counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visits = 0

    def listen(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    @contextmanager
    def watching(self) -> Iterator["Canary"]:
        listener = threading.Thread(target=self.listen)
        listener.start()
        try:
            yield self
        finally:
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            listener.join()


def test_drawing_a_picture_fetches_nothing(storage: Storage) -> None:
    with Canary().watching() as canary:
        there = f"http://127.0.0.1:{canary.port}/x.png"
        outside: list[dict[str, Any]] = [
            display({"image/svg+xml": f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>'})
            for inner in (
                f'<image href="{there}" width="9" height="9"/>',
                f'<rect width="9" height="9" fill="url({there}#a)"/>',
                f'<style>@import "{there}";</style>',
                f'<use href="{there}#a"/>',
                '<image href="file:///etc/hostname" width="9" height="9"/>',
            )
        ]
        outside += [display({"text/html": f"<img src='{there}'><p>x</p>"})]
        post = taken(written.notebook(code("1", *outside), prose(f"![x]({there})")), storage)
        # The canary sings when someone comes: who is hung up on has been counted.
        with socket.create_connection(("127.0.0.1", canary.port)) as visitor:
            assert visitor.recv(1) == b""
    assert canary.visits == 1
    assert isinstance(post.cells[0], Code)
    assert [output.kind for output in post.cells[0].outputs] == ["figure"] * 5 + ["html"]
