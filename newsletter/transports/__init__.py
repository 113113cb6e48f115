"""Ways to hand a message on: ``providers`` lists them, ``open_transport`` picks one by its URL."""

from importlib import import_module
from typing import Any

from newsletter.errors import BadSetting
from newsletter.transports.base import Transport
from newsletter.transports.providers import BY_SCHEME, Provider


def open_transport(mail_url: str, host: str) -> Transport:
    """The transport that ``mail_url`` names; ``host`` is our own name (RFC 5321 4.1.4).

    Raises BadSetting, and MissingExtra where an optional dependency is not installed.
    """
    scheme = mail_url.partition(":")[0]
    if scheme not in BY_SCHEME:
        raise BadSetting(f"NEWSLETTER_MAIL_URL: there is no transport {scheme!r}")
    transport: Transport = class_of(BY_SCHEME[scheme]).from_url(mail_url, host)
    return transport


def class_of(provider: Provider) -> Any:
    """The class of a provider's transport, whose ``from_url`` makes one of a URL."""
    module, _, name = provider.transport.rpartition(".")
    return getattr(import_module(f"newsletter.transports.{module}"), name)
