"""Who is answerable for a request of the admin, for the audit log."""

from flask import g, has_request_context, request
from flask_login import current_user

from newsletter.audit.chain import Actor
from newsletter.audit.recorder import Recorder
from newsletter.installation import Installation
from newsletter.web.context import client_address

READING = frozenset({"GET", "HEAD", "OPTIONS"})
# Of the admin's GETs the one that does something: the provider sends the browser back by it.
SIGNS_IN = "admin.provider_login.come_back"
# Bytes on their way: what is made of them is recorded.
UNRECORDED = frozenset({"admin.upload_api"})
SECRET_PARTS = frozenset({"token"})  # of addresses


def watch(opened: Installation) -> None:
    """Have what its admin changes recorded, from here on."""
    opened.db.witness = Recorder(lambda: opened.signer, actor)


def actor() -> Actor | None:
    """None: outside the admin, of a request that only reads, or before it is known who asks."""
    if not has_request_context() or "_login_user" not in g:
        return None
    section = request.blueprint or ""
    if not section.startswith("admin.") or section in UNRECORDED:
        return None
    if request.method in READING and request.endpoint != SIGNS_IN:
        return None
    named = (request.view_args or {}).items()
    return Actor(
        who=current_user.address if current_user.is_authenticated else "",
        origin=client_address(),
        action=(request.endpoint or "").removeprefix("admin."),
        target=" ".join(str(value) for name, value in named if name not in SECRET_PARTS),
    )
