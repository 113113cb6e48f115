"""What a view stands on: the installation, who asks, and addresses for the outside."""

import logging
from functools import cache
from ipaddress import ip_address, ip_network
from typing import Any, cast

from flask import Response, current_app, g, request

from newsletter.installation import Installation
from newsletter.tables.querying.table_cache import Shelf

log = logging.getLogger(__name__)
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


def accept() -> None:
    """Say that what was sent with this request is taken, and counts for everybody's limit."""
    g.is_accepted = True


def is_accepted(_response: Response) -> bool:
    return bool(g.get("is_accepted"))


def client_address() -> str:
    """The IP address that limits count by: who asks, as the proxies in between say that are ours
    (NEWSLETTER_TRUSTED_PROXIES). What others say is a claim of the visitor's, and is not read."""
    peer = request.remote_addr or "127.0.0.1"
    proxies, forwarded = installation().settings.trusted_proxies, _forwarded_for()
    if forwarded and not proxies.knows(peer) and ip_address(peer).is_private:
        _warn_of_unknown_proxy()
    return proxies.visitor(peer, forwarded)


def _forwarded_for() -> str:
    return ",".join(request.headers.getlist("X-Forwarded-For"))


@cache
def _warn_of_unknown_proxy() -> None:
    """Once a process."""
    log.warning(
        "A proxy that is not trusted passes requests on, and all its visitors count as one: "
        "set NEWSLETTER_TRUSTED_PROXIES.",
        extra={"event": "unknown_proxy"},
    )


def client_network() -> str:
    """The network that the visitor is in: the /24 (IPv4) or the /48 (IPv6)."""
    address = ip_address(client_address())
    prefix = 24 if address.version == 4 else 48
    return str(ip_network(f"{address}/{prefix}", strict=False))
