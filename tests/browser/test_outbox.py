"""A demo's outbox in a real browser: the mail is seen as it would be in an inbox."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from newsletter.installation import Installation
from newsletter.web.app import create_app
from newsletter.web.outbox import outbox
from tests.factories import png

pytestmark = pytest.mark.browser

NAME = "0" * 32
HTML = '<h1>Penguins</h1><img src="cid:chart" alt="A chart"><script>document.title = "ran"</script>'


@pytest.fixture
def address(installation: Installation, tmp_path: Path) -> Iterator[str]:
    """The address of the one message in an outbox."""
    mail = EmailMessage()
    mail["Subject"], mail["To"] = "Penguins", "ann@example.org"
    mail.set_content("x" * 300)
    mail.add_alternative(HTML, subtype="html")
    page = mail.get_payload()[1]  # type: ignore[index]
    page.add_related(png(), "image", "png", cid="<chart>")  # type: ignore[union-attr]
    (tmp_path / "outbox" / "new").mkdir(parents=True)
    (tmp_path / "outbox" / "new" / NAME).write_bytes(mail.as_bytes())
    app = create_app(installation)
    app.register_blueprint(outbox(tmp_path / "outbox"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/outbox/{NAME}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("width", [390, 1200])
def test_a_mail_shows_in_its_page(browser: Browser, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(address)
    frame = page.frame_locator("iframe.mail")
    frame.get_by_role("heading", name="Penguins").wait_for()
    assert frame.get_by_role("img").evaluate("image => image.naturalWidth") == 60
    shown = page.locator("iframe.mail").bounding_box()
    assert shown is not None
    assert shown["width"] > 0.8 * min(width, 1000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.title().startswith("Penguins")
    page.close()
