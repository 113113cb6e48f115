"""What a view stands on: the installation, who asks, and addresses for the outside."""

from ipaddress import ip_address, ip_network
from typing import Any, cast

from flask import current_app, request

from newsletter.installation import Installation
from newsletter.tables.querying.table_cache import Shelf

MOST_PAGES = 10**9  # whose rows a database can count


def installation() -> Installation:
    """The newsletter that the current app serves."""
    return cast(Installation, current_app.extensions["newsletter"])


def shelf() -> Shelf:
    """The tables of its storage, to be asked."""
    return cast(Shelf, current_app.extensions["shelf"])


def public_url(endpoint: str, **values: Any) -> str:
    """The address of a view as the world knows it.

    Built from the settings, never from the request: a Host header cannot reach
    a link, a feed or a mail.
    """
    path = current_app.url_map.bind("").build(endpoint, values)
    return installation().settings.base_url + path


def page_number(name: str = "page") -> int:
    """Which page of a list is asked for: the first, where that is no number."""
    return min(request.args.get(name, 1, type=int), MOST_PAGES)


def client_address() -> str:
    """The IP address that limits count by.

    Behind a proxy on this machine or its private network it is the address
    that the proxy added last to X-Forwarded-For. From anywhere else that
    header is a claim of the visitor's, and is not read.
    """
    peer = request.remote_addr or "127.0.0.1"
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    if forwarded and _is_inside(peer) and _is_address(forwarded):
        return forwarded
    return peer


def client_network() -> str:
    """The network that the visitor is in: the /24 (IPv4) or the /48 (IPv6)."""
    address = ip_address(client_address())
    prefix = 24 if address.version == 4 else 48
    return str(ip_network(f"{address}/{prefix}", strict=False))


def _is_inside(text: str) -> bool:
    return _is_address(text) and ip_address(text).is_private


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
