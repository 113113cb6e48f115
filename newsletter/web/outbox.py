"""Looking into the maildir that a demo mails to, as one would into an inbox."""

import re
from email import message_from_bytes
from email import policy as email_policy
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, Response, render_template

from newsletter.errors import NotFound
from newsletter.web.security import content_security_policy

NAME = re.compile(r"[0-9a-f]{32}")
NEWEST = 200


def outbox(folder: Path) -> Blueprint:
    """The pages /outbox/ and /outbox/<name>, on the maildir ``folder``."""
    blueprint = Blueprint("outbox", __name__, url_prefix="/outbox")

    @blueprint.get("/")
    def messages() -> str:
        files = sorted((folder / "new").glob("*"), key=lambda f: f.stat().st_mtime, reverse=True)
        return render_template(
            "site/outbox.html", messages=[(f.name, _read(folder, f.name)) for f in files[:NEWEST]]
        )

    @blueprint.get("/<name>")
    def message(name: str) -> Response:
        mail = _read(folder, name)
        plain = mail.get_body(("plain",))
        text = plain.get_content() if plain else ""
        page = render_template("site/outbox_message.html", name=name, mail=mail, text=text)
        policy = content_security_policy({"frame-src": "'self'"})
        return Response(page, headers={"Content-Security-Policy": policy})

    @blueprint.get("/<name>/body.html")
    def body(name: str) -> Response:
        html = _read(folder, name).get_body(("html",))
        content = html.get_content() if html else ""
        shown = re.sub(r'src="cid:([^"]+)"', rf'src="/outbox/{name}/cid/\1"', content)
        response = Response(shown, mimetype="text/html")
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; "
            "frame-ancestors 'self'; sandbox allow-popups allow-top-navigation-by-user-activation"
        )
        return response

    @blueprint.get("/<name>/cid/<cid>")
    def image(name: str, cid: str) -> Response:
        for part in _read(folder, name).walk():
            if part.get("Content-ID") == f"<{cid}>" and part.get_content_type() == "image/png":
                return Response(part.get_payload(decode=True), mimetype="image/png")
        raise NotFound("This message has no such image.")

    return blueprint


def _read(folder: Path, name: str) -> EmailMessage:
    path = folder / "new" / name
    if not NAME.fullmatch(name) or not path.is_file():
        raise NotFound("There is no such message in the outbox.")
    return message_from_bytes(path.read_bytes(), _class=EmailMessage, policy=email_policy.default)
