"""Row "stored XSS": what strangers send is text, for readers, for curators and in the mail."""

import io
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from newsletter import clock
from newsletter.installation import Installation
from newsletter.issues.notices import render_notice
from newsletter.models import Notice, Submission
from newsletter.models.submission import SubmissionKind
from tests import factories
from tests.security.test_stored_xss import LIVE, PAYLOADS
from tests.web.admin.conftest import Browser
from tests.web.site.reader import SHARE, SUGGEST, send

QUEUE = "/admin/submissions/"
MADE = "/datasets/penguins/made-with"
DATA = "application/ld+json"  # a dataset's description, which is no script
TEXTS = ("title", "about", "name")


def assert_dead(page: str) -> None:
    """Nothing of a stranger's runs in a page, as a browser reads it."""
    for live in LIVE:
        assert live not in page
    for tag in BeautifulSoup(page, "html.parser").find_all(True):
        if tag.name == "script":
            assert tag.get("type") == DATA or str(tag.get("src")).startswith("/static/")
        assert [name for name in tag.attrs if name.startswith("on")] == []
        for name in ("href", "src", "action", "formaction"):
            assert not re.match(r"\s*(javascript|data|vbscript):", str(tag.get(name)), re.I)


@pytest.fixture(autouse=True)
def penguins(installation: Installation) -> None:
    with installation.db.write() as session:
        factories.dataset(session, installation.storage)


@pytest.mark.parametrize("form", [SUGGEST, SHARE])
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_markup_of_any_field_reaches_a_page(
    client: FlaskClient, curator: Browser, installation: Installation, form: str, payload: str
) -> None:
    typed: dict[str, Any] = dict.fromkeys(TEXTS, f"{payload} and some more words")
    page = send(client, form, status=422, link=payload, license=payload, address=payload, **typed)
    assert_dead(page.text)
    ending = ".csv" if form == SUGGEST else ".py"
    name = payload.replace("/", "").replace('"', "%22")  # as browsers send a quotation mark
    file = FileStorage(io.BytesIO(payload.encode()), filename=name + ending)
    send(client, form, file=file, **typed)
    for path in ("/admin/", QUEUE, f"{QUEUE}1/"):
        assert_dead(curator.get(path).text)
    if form == SUGGEST:
        assert_dead(curator.get("/admin/datasets/new?submission=1").text)
        return
    saved = curator.get(f"{QUEUE}1/file")
    assert saved.headers["Content-Disposition"].startswith("attachment;")
    assert saved.mimetype == "application/octet-stream"
    curator.post(f"{QUEUE}1/accept", f"{QUEUE}1/", answer=payload)
    for path in (QUEUE, f"{QUEUE}1/", MADE, "/datasets/penguins"):
        assert_dead(curator.get(path).text)
    with installation.db.read() as session:
        notice = session.scalars(select(Notice)).one()
        assert payload in notice.subject  # as text, where no markup is
        settings, storage = installation.settings, installation.storage
        mail = render_notice(session, notice, settings, storage, installation.signer, clock.now())
    assert_dead(mail.html)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "java\tscript:alert(1)",
        " javascript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        'https://example.org/" onmouseover="alert(1)',
        "javascript://example.org/%0aalert(1)",
    ],
)
@pytest.mark.parametrize("form", [SUGGEST, SHARE])
def test_a_link_that_would_run_is_never_taken(
    client: FlaskClient, installation: Installation, form: str, link: str
) -> None:
    assert_dead(send(client, form, status=422, link=link).text)
    with installation.db.read() as session:
        assert session.scalars(select(Submission)).all() == []


def test_a_link_with_quotes_stays_in_its_attribute(
    client: FlaskClient, curator: Browser, installation: Installation
) -> None:
    send(client, SHARE, link="https://example.org/'\"><svg/onload=alert(1)>")
    curator.post(f"{QUEUE}1/accept", f"{QUEUE}1/")
    for path in (f"{QUEUE}1/", MADE):
        page = curator.get(path).text
        assert_dead(page)
        assert "example.org/&#39;&#34;&gt;" in page


@pytest.mark.parametrize("ending", [".md", ".ipynb", ".py"])
def test_a_hostile_file_is_not_read_before_it_is_accepted(
    client: FlaskClient, curator: Browser, installation: Installation, ending: str
) -> None:
    content = b"<script>alert(1)</script>" * 10
    send(client, SHARE, file=FileStorage(io.BytesIO(content), filename=f"x{ending}"))
    for path in (QUEUE, f"{QUEUE}1/", f"{QUEUE}1/post"):
        assert_dead(curator.get(path).text)
    curator.post(f"{QUEUE}1/accept", f"{QUEUE}1/")
    page = curator.get(MADE).text
    assert_dead(page)
    (address,) = set(re.findall(rf'href="({MADE}/[^"]+)"', page))
    answer = curator.get(address)
    assert answer.mimetype == "application/octet-stream"
    assert answer.headers["Content-Disposition"] == f"attachment; filename=x{ending}"
    assert answer.data == content


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ('x".html;a=".py', r'attachment; filename="x\".html;a=\".py"'),
        ("x\r\nSet-Cookie: a=b.py", 'attachment; filename="x Set-Cookie: a=b.py"'),
        ("\u202eyp.exe.py", "attachment; filename=yp.exe.py"),
        ("ä.py", "attachment; filename=a.py; filename*=UTF-8''%C3%A4.py"),
    ],
)
def test_a_files_name_breaks_out_of_no_header(
    curator: Browser, installation: Installation, name: str, header: str
) -> None:
    with installation.db.write() as session:
        version = factories.dataset(session, installation.storage, slug="other")
        kind = SubmissionKind.CODE
        from_form = factories.submission(session, installation.storage, version, kind=kind)
        from_form.file_name = name.replace("\r\n", " ").replace("\u202e", "")
    saved = curator.get(f"{QUEUE}1/file")
    assert saved.headers["Content-Disposition"] == header
    assert saved.headers.get("Set-Cookie") is None


@pytest.mark.parametrize("braces", ["{{ config }}", "{% raw %}", "{{ ''.__class__ }}", "${7*7}"])
def test_braces_of_a_stranger_stay_braces(
    client: FlaskClient, curator: Browser, installation: Installation, braces: str
) -> None:
    send(client, SHARE, title=f"Braces {braces}", about=f"Some words and {braces} at the end.")
    curator.post(f"{QUEUE}1/accept", f"{QUEUE}1/", answer=braces)
    shown = braces.replace("'", "&#39;")
    for path in (f"{QUEUE}1/", MADE):
        assert shown in curator.get(path).text
    with installation.db.read() as session:
        notice = session.scalars(select(Notice)).one()
        settings, storage = installation.settings, installation.storage
        mail = render_notice(session, notice, settings, storage, installation.signer, clock.now())
    assert braces in mail.text
    assert mail.subject == f"Accepted: Braces {braces}"
